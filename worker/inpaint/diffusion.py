"""Stable Diffusion inpainting (Rombach et al. 2022, arXiv 2112.10752) through diffusers.

`StableDiffusionInpaintPipeline` does the denoising, with guidance by row. Around it, here:

- Noise comes from one CPU generator per image, in float32, and the sampler's state stays float32
  (the UNet computes in its own precision), so that a picture depends neither on its batch mates
  nor, up to rounding, on the device.
- The VAE encodes each distinct masked picture once, whatever the number of variants, takes the
  mean and not a sample, and works in small chunks, which bound its memory.
- Prompt embeddings are cached.
- What makes it quick on a GPU (`worker.inpaint.tuning`) changes no picture but by rounding.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from shared.errors import OutputNotFinite
from worker.arrays import MASK_LEVEL
from worker.inpaint.buckets import bucket_sizes, padded
from worker.inpaint.encoder import PictureEncoder
from worker.inpaint.guidance import guidance_rows, row_guided
from worker.inpaint.protocol import InpaintGroup, InpaintRequest
from worker.inpaint.schedulers import build_scheduler
from worker.inpaint.tuned import attention, moved, tune
from worker.inpaint.tuning import Tuning, fit
from worker.recent import Recent

#: Prompts whose embeddings are kept: about 160 kB each in float16.
MAX_REMEMBERED_PROMPTS = 128
#: Nothing for speed, as on a CPU.
PLAIN = Tuning()


class DiffusionPainter:
    """An inpainting pipeline on a device; not thread-safe, the device thread owns it."""

    def __init__(self, pipeline: Any, tuning: Tuning = PLAIN) -> None:
        """Take a `StableDiffusionInpaintPipeline` over, on its device, and tune it."""
        self._pipeline: Any = row_guided(pipeline)
        self._device = torch.device(pipeline.device)
        self._tuning = tuning
        self._scheduler_config = pipeline.scheduler.config
        self._embeddings: Recent[str, torch.Tensor] = Recent(MAX_REMEMBERED_PROMPTS)
        self._pipeline.set_progress_bar_config(disable=True)
        self._encoder = PictureEncoder(pipeline.vae)
        tune(pipeline, tuning)

    @torch.inference_mode()
    def paint(self, requests: Sequence[InpaintRequest]) -> list[NDArray[np.uint8]]:
        """See `Painter.paint`."""
        rows = padded(requests, self._tuning.buckets)
        with attention(self._tuning):
            latents = self._denoise(rows)[: len(requests)]
            return list(self._decode(latents, self._chunk(rows[0].group)))

    def _denoise(self, requests: Sequence[InpaintRequest]) -> torch.Tensor:
        """Clean latents, float32, n x 4 x side/8 x side/8 (8 is the VAE's factor)."""
        group = requests[0].group
        self._pipeline.scheduler = build_scheduler(group.scheduler, self._scheduler_config)
        generators = [torch.Generator("cpu").manual_seed(request.seed) for request in requests]
        masks = self._masks(requests)
        pictures = self._pictures(requests)
        watch = _CancelWatch(requests)
        latents: torch.Tensor = self._pipeline(
            **self._words(requests, group),
            # In 0..1, as the pipeline expects its pictures; with latents given it reads only them.
            image=pictures / 2 + 0.5,
            mask_image=masks,
            masked_image_latents=self._encode(requests, pictures * (masks < 0.5), masked=True),
            latents=self._start(pictures, generators, requests),
            height=group.side,
            width=group.side,
            strength=group.strength,
            num_inference_steps=group.steps,
            guidance_scale=guidance_rows([r.guidance_scale for r in requests], self._device),
            generator=generators,
            output_type="latent",
            return_dict=False,
            callback_on_step_end=watch,
        )[0]
        if watch.stopped:
            raise CancelledError
        return latents

    def _words(
        self, requests: Sequence[InpaintRequest], group: InpaintGroup
    ) -> dict[str, torch.Tensor]:
        """Embeddings of the prompts, n x tokens x width, and of what to avoid under guidance."""
        wanted = [self._embeddings.get(request.prompt, self._embed) for request in requests]
        if not group.guided:
            return {"prompt_embeds": torch.cat(wanted)}
        avoided = [self._embeddings.get(r.negative_prompt, self._embed) for r in requests]
        return {"prompt_embeds": torch.cat(wanted), "negative_prompt_embeds": torch.cat(avoided)}

    def _embed(self, prompt: str) -> torch.Tensor:
        embedding: torch.Tensor = self._pipeline.encode_prompt(prompt, self._device, 1, False)[0]  # noqa: FBT003 - the library's order
        return embedding

    def _pictures(self, requests: Sequence[InpaintRequest]) -> torch.Tensor:
        """Float32, n x 3 x side x side, -1..1."""
        stacked = np.stack([request.picture for request in requests])
        levels = moved(stacked, self._device, self._tuning)
        return levels.permute(0, 3, 1, 2).float() / 127.5 - 1

    def _masks(self, requests: Sequence[InpaintRequest]) -> torch.Tensor:
        """Float32, n x 1 x side x side, 1 where to repaint, else 0."""
        stacked = np.stack([request.mask for request in requests]) >= MASK_LEVEL
        return moved(stacked, self._device, self._tuning)[:, None].float()

    def _start(
        self,
        pictures: torch.Tensor,
        generators: list[torch.Generator],
        requests: Sequence[InpaintRequest],
    ) -> torch.Tensor:
        """What denoising starts from, in the pipeline's convention: before `init_noise_sigma`."""
        group, pipeline = requests[0].group, self._pipeline
        side = group.side // pipeline.vae_scale_factor
        shape = (1, pipeline.vae.config.latent_channels, side, side)
        rows = [torch.randn(shape, generator=generator) for generator in generators]
        noise = moved(torch.cat(rows), self._device, self._tuning)
        if group.strength == 1:
            return noise
        # The pipeline takes given latents for pure noise, so what was there is mixed in here.
        pipeline.scheduler.set_timesteps(group.steps, device=self._device)
        timesteps, _ = pipeline.get_timesteps(group.steps, group.strength, self._device)
        known = self._encode(requests, pictures, masked=False)
        mixed = pipeline.scheduler.add_noise(known, noise, timesteps[:1].repeat(len(requests)))
        return torch.as_tensor(mixed / pipeline.scheduler.init_noise_sigma)

    def _encode(
        self, requests: Sequence[InpaintRequest], pixels: torch.Tensor, *, masked: bool
    ) -> torch.Tensor:
        chunk = self._chunk(requests[0].group)
        return self._encoder.encode(requests, pixels, chunk, masked=masked)

    def _chunk(self, group: InpaintGroup) -> int:
        """Pictures that the VAE takes at once."""
        return fit(group.side, 1, self._tuning.memory_bytes).vae_chunk

    def _decode(self, latents: torch.Tensor, chunk: int) -> NDArray[np.uint8]:
        """Pictures, uint8, n x side x side x 3."""
        vae = self._pipeline.vae
        scaled: torch.Tensor = (latents / vae.config.scaling_factor).to(vae.dtype)
        parts = [vae.decode(part, return_dict=False)[0].float() for part in _parts(scaled, chunk)]
        pictures = torch.cat(parts)
        finite = torch.isfinite(pictures).all()
        levels = ((pictures / 2 + 0.5).clamp(0, 1) * 255).round().to(torch.uint8)
        # The first wait for the device since the call began.
        array: NDArray[np.uint8] = levels.permute(0, 2, 3, 1).contiguous().cpu().numpy()
        if not finite:
            raise OutputNotFinite(stage="inpaint")
        return array


class _CancelWatch:
    """The pipeline's step callback: stops a call when all of its requests are cancelled."""

    def __init__(self, requests: Sequence[InpaintRequest]) -> None:
        self._requests = requests
        self.stopped = False

    def __call__(self, pipeline: Any, _step: int, _timestep: Any, kept: Any) -> Any:
        if all(request.cancelled.is_set() for request in self._requests):
            self.stopped = True
            # The documented way to stop: the loop skips its remaining steps.
            pipeline._interrupt = True  # noqa: SLF001 - the library offers no public setter
        return kept


def _parts(rows: torch.Tensor, largest: int) -> Iterator[torch.Tensor]:
    """Rows by powers of two up to a largest part: compiled, each size is a graph of its own."""
    while len(rows):
        size = max(size for size in bucket_sizes(largest) if size <= len(rows))
        yield rows[:size]
        rows = rows[size:]
