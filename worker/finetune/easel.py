"""The easel: the parts paint as they are now: samples, and pictures of the class; torch."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from diffusers import StableDiffusionInpaintPipeline
from PIL import Image

from worker.arrays import MASK_LEVEL, Grey, Rgb

#: Published types do not know how it is called.
_PIPELINE: Any = StableDiffusionInpaintPipeline

#: As a style has them by default.
STEPS, GUIDANCE = 25, 7.5


@dataclass(frozen=True, slots=True, eq=False)
class Wish:
    """A picture to be painted."""

    #: uint8, side x side x 3.
    rgb: Rgb
    #: uint8, side x side, 255 = repaint.
    mask: Grey
    prompt: str
    seed: int


class Easel:
    """Paints with parts that may be in training meanwhile."""

    def __init__(
        self,
        parts: dict[str, Any],
        batch: int,
        autocast: Callable[[], AbstractContextManager[Any]] = nullcontext,
        steps: int = STEPS,
    ) -> None:
        """Paint nothing yet.

        Args:
            parts: Of the pipeline, by their names.
            batch: Pictures at a time.
            autocast: Makes parts of different precision work together.
            steps: Of each picture.
        """
        scheduler = type(parts["scheduler"]).from_config(parts["scheduler"].config)
        whole = {**parts, "scheduler": scheduler, "safety_checker": None, "feature_extractor": None}
        self._pipeline = _PIPELINE(**whole, requires_safety_checker=False)
        self._pipeline.set_progress_bar_config(disable=True)
        #: Pictures at a time.
        self.batch = batch
        self._autocast, self._steps = autocast, steps

    @torch.inference_mode()
    def paint(self, wishes: Sequence[Wish]) -> list[Rgb]:
        """What is wished for; every pixel outside a mask is the picture's own."""
        parts = [self._pipeline.unet, self._pipeline.text_encoder]
        modes = [part.training for part in parts]
        for part in parts:
            part.eval()
        painted: list[Rgb] = []
        for start in range(0, len(wishes), self.batch):
            painted += self._paint(wishes[start : start + self.batch])
        for part, mode in zip(parts, modes, strict=True):
            part.train(mode)
        return painted

    def _paint(self, wishes: Sequence[Wish]) -> list[Rgb]:
        side = len(wishes[0].rgb)
        with self._autocast():
            images = self._call(wishes, side)
        return [
            _pasted(wish, np.asarray(image)) for wish, image in zip(wishes, images, strict=True)
        ]

    def _call(self, wishes: Sequence[Wish], side: int) -> list[Image.Image]:
        images: list[Image.Image] = self._pipeline(
            prompt=[wish.prompt for wish in wishes],
            image=[Image.fromarray(wish.rgb) for wish in wishes],
            mask_image=[Image.fromarray(wish.mask) for wish in wishes],
            height=side,
            width=side,
            guidance_scale=GUIDANCE,
            num_inference_steps=self._steps,
            generator=[torch.Generator("cpu").manual_seed(wish.seed) for wish in wishes],
        ).images
        return images


def _pasted(wish: Wish, painted: Rgb) -> Rgb:
    inside = (wish.mask >= MASK_LEVEL)[..., None]
    return np.where(inside, painted, wish.rgb).astype(np.uint8)
