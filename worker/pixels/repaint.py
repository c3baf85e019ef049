"""Repaint: where a picture may change and how softly, whoever said so."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from shared.facts import Call
from shared.gate import FrozenMask, Gate
from shared.styles import Style
from worker.arrays import Grey, Mask, Size
from worker.pixels.gate import measured
from worker.pixels.masks import FoundMask, feather_px
from worker.pixels.shapes import feather


@dataclass(frozen=True, slots=True, eq=False)
class Repaint:
    """The final mask of one picture, at the picture's size."""

    #: bool, H x W: pixels that may change; all others stay the source's own.
    hard: Mask
    #: uint8, H x W: how much of the painted picture each pixel takes; 0 outside `hard`.
    alpha: Grey
    #: ETag of the supplied mask; None where it was found by text.
    etag: str | None = None
    #: The segmenter's call that found it; None where it was supplied or frozen.
    call: Call | None = None
    #: The map that it was found in, as `FoundMask.chances`; None where it was supplied.
    chances: Grey | None = None
    #: What the gate says of it; None where it was supplied.
    gate: Gate | None = None
    #: The approved mask that it is.
    frozen: FrozenMask | None = None

    @classmethod
    def found(cls, mask: FoundMask, style: Style, size: Size, call: Call) -> Self:
        """A mask found by text in a call, with the style's soft edge inside it."""
        alpha, gate = mask.alpha(feather_px(style, size)), measured(mask.hard, mask.chances, style)
        return cls(mask.hard, alpha, call=call, chances=mask.chances, gate=gate)

    @classmethod
    def approved(cls, alpha: Grey, chances: Grey | None, style: Style, frozen: FrozenMask) -> Self:
        """A mask found by text that a person let through; its map may be gone.

        One that is hard, as it lies beside a result, gets the style's soft edge.
        """
        hard = alpha > 0
        if not np.any(hard & (alpha < 255)):
            alpha = feather(hard, feather_px(style, (alpha.shape[1], alpha.shape[0])))
        gate = None if chances is None else measured(hard, chances, style)
        return cls(hard, alpha, chances=chances, gate=gate, frozen=frozen)

    @classmethod
    def supplied(cls, mask: Grey, etag: str) -> Self:
        """A supplied mask, used as it is: its grey levels are its soft edge."""
        return cls(mask > 0, mask, etag)

    def waits(self, style: Style) -> bool:
        """Whether a person must see it before it is painted.

        Nobody is asked about a supplied mask, nor about an approved one again.
        """
        if self.gate is None or self.frozen is not None:
            return False
        return style.gate == "hold" or (style.gate == "auto" and bool(self.gate.reasons))

    @property
    def stored(self) -> Grey | Mask:
        """What is kept beside the result: a supplied mask as it came, a found one hard."""
        return self.hard if self.etag is None else self.alpha

    @property
    def area(self) -> float:
        """The fraction of the picture that may change, 0 to 1."""
        return float(np.mean(self.hard))
