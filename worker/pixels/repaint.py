"""Repaint: where a picture may change and how softly, whoever said so."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from shared.sidecars import Call
from shared.styles import Style
from worker.arrays import Grey, Mask, Size
from worker.pixels.masks import FoundMask, feather_px


@dataclass(frozen=True, slots=True, eq=False)
class Repaint:
    """The final mask of one picture, at the picture's size."""

    #: bool, H x W: pixels that may change; all others stay the source's own.
    hard: Mask
    #: uint8, H x W: how much of the painted picture each pixel takes; 0 outside `hard`.
    alpha: Grey
    #: ETag of the supplied mask; None where it was found by text.
    etag: str | None = None
    #: The segmenter's call that found it; None where it was supplied.
    call: Call | None = None

    @classmethod
    def found(cls, mask: FoundMask, style: Style, size: Size, call: Call) -> Self:
        """A mask found by text in a call, with the style's soft edge inside it."""
        return cls(mask.hard, mask.alpha(feather_px(style, size)), call=call)

    @classmethod
    def supplied(cls, mask: Grey, etag: str) -> Self:
        """A supplied mask, used as it is: its grey levels are its soft edge."""
        return cls(mask > 0, mask, etag)

    @property
    def stored(self) -> Grey | Mask:
        """What is kept beside the result: a supplied mask as it came, a found one hard."""
        return self.hard if self.etag is None else self.alpha

    @property
    def area(self) -> float:
        """The fraction of the picture that may change, 0 to 1."""
        return float(np.mean(self.hard))
