"""CLIPSeg (Lüddecke & Ecker 2022, arXiv 2112.10003) through transformers.

The vision tower runs once per picture and the text tower once per prompt; only the small decoder
runs for each pair. `CLIPSegForImageSegmentation.forward` would repeat the vision tower for every
prompt; a test holds the two equal.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import CLIPTokenizer

from shared.errors import OutputNotFinite
from worker.recent import Recent
from worker.segment.geometry import SegmenterGeometry
from worker.segment.normal import Normaliser
from worker.segment.protocol import SegmentRequest

#: Prompts whose embeddings are kept: a few kilobytes each.
MAX_REMEMBERED_PROMPTS = 1_024


class ClipsegSegmenter:
    """A CLIPSeg model on a device; not thread-safe, the device thread owns it."""

    def __init__(self, model: Any, tokenizer: CLIPTokenizer, geometry: SegmenterGeometry) -> None:
        """Take a `CLIPSegForImageSegmentation` over, in evaluation mode on its device."""
        self._model, self._tokenizer = model, tokenizer
        self._normalise = Normaliser(model, geometry)
        self._embeddings: Recent[str, torch.Tensor] = Recent(MAX_REMEMBERED_PROMPTS)

    @torch.inference_mode()
    def segment(self, requests: Sequence[SegmentRequest]) -> list[NDArray[np.float32]]:
        """See `Segmenter.segment`."""
        counts = [len(request.prompts) for request in requests]
        prompts = [prompt for request in requests for prompt in request.prompts]
        words = torch.cat([self._embeddings.get(prompt, self._embed) for prompt in prompts])
        activations = self._look(np.stack([request.picture for request in requests]))
        repeats = torch.tensor(counts, device=self._model.device)
        rows = [part.repeat_interleave(repeats, dim=0) for part in activations]
        logits = self._model.decoder(rows, words).logits.float().cpu().numpy()
        if not np.isfinite(logits).all():
            raise OutputNotFinite(stage="segment")
        return np.split(logits, np.cumsum(counts)[:-1])

    def _look(self, pictures: NDArray[np.uint8]) -> list[torch.Tensor]:
        """The layers of the vision tower that the decoder reads; n x tokens x width each."""
        normal = self._normalise(pictures)
        features = self._model.clip.get_image_features(normal, output_hidden_states=True)
        # The first hidden state is the embedding before all layers.
        return [features.hidden_states[layer + 1] for layer in self._model.extract_layers]

    def _embed(self, prompt: str) -> torch.Tensor:
        tokens = self._tokenizer(
            [prompt], truncation=True, max_length=self._prompt_tokens(), return_tensors="pt"
        ).to(self._model.device)
        embedding: torch.Tensor = self._model.get_conditional_embeddings(
            batch_size=1, input_ids=tokens.input_ids, attention_mask=tokens.attention_mask
        )
        return embedding

    def _prompt_tokens(self) -> int:
        """Longest prompt in tokens; a tokenizer saved without a limit claims 10^30."""
        positions = self._model.config.text_config.max_position_embeddings
        return int(min(self._tokenizer.model_max_length, positions))
