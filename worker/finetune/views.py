"""What a step sees of a lesson: a square at the resolution, its mask and its caption; torch-free.

Every draw is decided by the seed and by its number alone, so that nothing but weights needs to be
kept for a training to go on where it stopped.
"""

from dataclasses import dataclass, replace

import numpy as np

from worker.arrays import Grey, Rgb
from worker.finetune.masks import grown, random_mask
from worker.finetune.pictures import Lesson
from worker.pixels.composite import cut, cut_mask
from worker.pixels.crops import Crop, crop_around
from worker.pixels.scaling import scale

#: How often a mask that is known is used; else the model would learn to wait for it.
KNOWN_SHARE = 0.75
#: What is kept of a picture: its shorter side over the resolution, at most. What is seen of it is
#: scaled down once more, and so as sharp as from the whole.
DETAIL = 2


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A square of a picture."""

    #: uint8, side x side x 3.
    rgb: Rgb
    #: uint8, side x side, 255 = repaint.
    mask: Grey
    caption: str


@dataclass(frozen=True, slots=True)
class Eye:
    """How lessons are looked at."""

    #: Side of the squares in pixels.
    side: int
    #: Crop the middle, not anywhere.
    centred: bool

    def look(self, lesson: Lesson, caption: str, rng: np.random.Generator) -> View:
        """A square: around the known mask as the worker crops, else anywhere.

        Args:
            lesson: The picture.
            caption: Used where it has none of its own.
            rng: Decides the crop and the mask.
        """
        known = lesson.mask is not None and rng.random() < KNOWN_SHARE
        crop = self._crop(lesson, rng)
        rgb = cut(lesson.rgb, crop, self.side)
        mask = random_mask(self.side, rng)
        if known and lesson.mask is not None:
            mask = grown(cut_mask(lesson.mask, crop, self.side), rng)
        return View(rgb, mask, lesson.caption or caption)

    def plain(self, lesson: Lesson) -> tuple[Rgb, Grey]:
        """The square that a worker would paint in, and its mask: all of it where none is known."""
        crop = self._crop(lesson, None)
        rgb = cut(lesson.rgb, crop, self.side)
        if lesson.mask is None:
            return rgb, np.full((self.side, self.side), 255, np.uint8)
        return rgb, cut_mask(lesson.mask, crop, self.side)

    def kept(self, lesson: Lesson) -> Lesson:
        """All that is ever seen of a lesson: the square around a known mask, or the picture.

        Neither has more detail than `DETAIL` asks for: a photo of 24 megapixels takes 72 MB.
        """
        most = DETAIL * self.side
        if lesson.mask is not None:
            crop = crop_around(lesson.mask, self.side)
            side = min(most, crop.side)
            rgb, mask = cut(lesson.rgb, crop, side), cut_mask(lesson.mask, crop, side)
            return replace(lesson, rgb=rgb, mask=mask)
        height, width = lesson.rgb.shape[:2]
        factor = min(1.0, most / min(height, width))
        size = (round(width * factor), round(height * factor))
        return replace(lesson, rgb=scale(lesson.rgb, size))

    def _crop(self, lesson: Lesson, rng: np.random.Generator | None) -> Crop:
        if lesson.mask is not None:
            return crop_around(lesson.mask, self.side)
        height, width = lesson.rgb.shape[:2]
        side = min(height, width)
        if self.centred or rng is None:
            return Crop((width - side) // 2, (height - side) // 2, side)
        left, top = (int(rng.integers(0, length - side + 1)) for length in (width, height))
        return Crop(left, top, side)
