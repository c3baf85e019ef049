"""Semantic segmentation (SegFormer, arXiv 2105.15203; BEiT, arXiv 2106.08254) by transformers.

One pass scores every label that the model knows in every pixel. Prompts only choose among them,
so requests for different labels share a call.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import interpolate

from shared.errors import OutputNotFinite
from shared.labels import Labels
from worker.segment.geometry import SegmenterGeometry
from worker.segment.normal import Normaliser
from worker.segment.protocol import SegmentRequest

#: The log-odds of what leaves no label against it, which would be infinite.
CERTAIN = 1e4


class SemanticSegmenter:
    """A model with a score per label; not thread-safe, the device thread owns it."""

    def __init__(self, model: Any, labels: Labels, geometry: SegmenterGeometry) -> None:
        """Take a `…ForSemanticSegmentation` over, in evaluation mode on its device."""
        self._model, self._labels = model, labels
        self._normalise = Normaliser(model, geometry)

    @torch.inference_mode()
    def segment(self, requests: Sequence[SegmentRequest]) -> list[NDArray[np.float32]]:
        """See `Segmenter.segment`; `log_odds` says what the logits are here."""
        chosen = [[self._labels.select(prompt) for prompt in one.prompts] for one in requests]
        pictures = np.stack([request.picture for request in requests])
        scores = self._model(pixel_values=self._normalise(pictures)).logits.float()
        if not torch.isfinite(scores).all():
            raise OutputNotFinite(stage="segment")
        side = pictures.shape[1]
        return [_maps(*pair, side) for pair in zip(scores, chosen, strict=True)]


def _maps(scores: torch.Tensor, chosen: Sequence[Sequence[int]], side: int) -> NDArray[np.float32]:
    """The log-odds of each choice in one picture, at its own size: choices x side x side."""
    odds = torch.stack([log_odds(scores, labels) for labels in chosen])
    # As transformers' own post-processing does it with the scores: bilinear, by pixel centres.
    whole = interpolate(odds[None], size=(side, side), mode="bilinear", align_corners=False)[0]
    return np.asarray(whole.cpu().numpy(), dtype=np.float32)


def log_odds(scores: torch.Tensor, labels: Sequence[int]) -> torch.Tensor:
    """How much more likely some labels are than all others together, as a logarithm: H x W.

    The softmax of the scores is each label's probability: models are trained by cross-entropy
    over the labels (https://huggingface.co/docs/transformers/model_doc/segformer, "labels"). With
    p the sum over the chosen ones this is log(p / (1 - p)), the inverse of the sigmoid: 0 where
    they are as likely as all others, and a style's `mask_activation: sigmoid` gives p again.

    Args:
        scores: Labels x H x W, float32.
        labels: Places of the chosen ones.
    """
    is_chosen = torch.zeros(len(scores), dtype=torch.bool, device=scores.device)
    is_chosen[list(labels)] = True
    odds = torch.logsumexp(scores[is_chosen], 0) - torch.logsumexp(scores[~is_chosen], 0)
    return odds.clamp(max=CERTAIN)
