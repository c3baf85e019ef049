"""Masks: from a segmenter's logits to what is repainted, and whether it may be."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from shared.errors import MaskEmpty, MaskTooLarge
from shared.styles import Style
from worker.arrays import Grey, Map, Maps, Mask, Size
from worker.pixels.letterbox import Placement, unletterbox
from worker.pixels.shapes import clean, connected, feather, grow

Activation: TypeAlias = Literal["sigmoid", "ndtr"]

#: Found pixels under this fraction of the picture, before growth, are noise and no garment: less
#: than a 5 x 5 patch of a 352 px map.
LEAST_FOUND = 0.0002
#: Against what a protect prompt claims, the soft edge takes this part of its width: farther out
#: the old garment would shine through as a rim around hands and hair.
PROTECTED_EDGE = 0.25

#: The normal CDF is tabled to this distance from zero, where it differs from 0 and 1 by 1e-15 ...
CDF_REACH = 8.0
#: ... in steps of 1/1000, which bounds the error of linear interpolation by 3.1e-8.
CDF_STEPS = 16_000


def probabilities(logits: Maps, activation: Activation) -> Maps:
    """A segmenter's logits as probabilities: float32, P x H x W, 0 to 1.

    Args:
        logits: float32, P x H x W.
        activation: `sigmoid`, or `ndtr`, the normal distribution's CDF.
    """
    return ACTIVATIONS[activation](np.asarray(logits, dtype=np.float32))


def _sigmoid(logits: Maps) -> Maps:
    # By the tangent, which no logit overflows.
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * logits), dtype=np.float32)


def _ndtr(logits: Maps) -> Maps:
    points, values = _cdf_table()
    return np.interp(logits, points, values).astype(np.float32)


@cache
def _cdf_table() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    points = np.linspace(-CDF_REACH, CDF_REACH, CDF_STEPS + 1)
    return points, np.array([math.erfc(-point / math.sqrt(2)) / 2 for point in points])


ACTIVATIONS: dict[Activation, Callable[[Maps], Maps]] = {"sigmoid": _sigmoid, "ndtr": _ndtr}


def claim_pixels(probabilities: Maps, mask_count: int, threshold: float) -> Mask:
    """The pixels that mask prompts claim: bool, H x W.

    A pixel is claimed where the best mask prompt reaches the threshold and no protect prompt is
    above it: it belongs to the prompt that claims it most.

    Args:
        probabilities: float32, P x H x W; mask prompts first, protect prompts after them.
        mask_count: How many of them are mask prompts, at least one.
        threshold: The least probability.
    """
    wanted, guarded = _strongest(probabilities, mask_count)
    return np.asarray((wanted >= threshold) & (wanted >= guarded), dtype=np.bool_)


def protect_pixels(probabilities: Maps, mask_count: int, threshold: float) -> Mask:
    """The pixels that protect prompts claim, in the same way; disjoint from `claim_pixels`."""
    wanted, guarded = _strongest(probabilities, mask_count)
    return np.asarray((guarded >= threshold) & (guarded > wanted), dtype=np.bool_)


def _strongest(probabilities: Maps, mask_count: int) -> tuple[Map, Map]:
    wanted, guards = probabilities[:mask_count], probabilities[mask_count:]
    nobody = np.zeros(wanted.shape[1:], dtype=np.float32)
    return wanted.max(axis=0), guards.max(axis=0) if len(guards) else nobody


@dataclass(frozen=True, slots=True, eq=False)
class FoundMask:
    """What text found in a picture, at the picture's size."""

    #: bool, H x W: what is repainted; cleaned, grown, and free of protected pixels.
    hard: Mask
    #: bool, H x W: what the protect prompts claim; never repainted.
    protected: Mask
    #: uint8, at the segmenter's own resolution and of the picture's shape: the probability that
    #: the strongest mask prompt reached, 255 = certain; 0 where a protect prompt won the pixel.
    chances: Grey

    def alpha(self, width_px: int) -> Grey:
        """How much of the painted picture each pixel takes: uint8, H x W, 255 = all.

        Soft over `width_px` inside the mask, and over a part of that against protected pixels.
        """
        open_edge = feather(self.hard | self.protected, width_px)
        guarded_edge = feather(self.hard, round(width_px * PROTECTED_EDGE))
        return np.minimum(open_edge, guarded_edge, out=guarded_edge)


def found_mask(logits: Maps, placement: Placement, size: Size, style: Style) -> FoundMask:
    """From the segmenter's logits over its letterbox to the mask of the whole picture.

    Args:
        logits: float32, P x side x side; the style's mask prompts first, then its protect prompts.
        placement: Where the picture lies in the letterbox.
        size: The picture's width and height.
        style: Threshold, activation and growth.
    """
    count, threshold = len(style.mask_prompt), style.mask_threshold
    chances = probabilities(logits, style.mask_activation)
    guarded = protect_pixels(chances, count, threshold)
    # Who wins a pixel is settled on the map, where the prompts were weighed. Settled after
    # enlarging, a hand before the dress would lose its rim: both prompts are near 1 there, and
    # the hand's falls off at its edge. And two full-size maps take less memory than dozens.
    strongest = chances[:count].max(axis=0)
    pair = np.stack([strongest, guarded.astype(np.float32)])
    wanted, held = unletterbox(pair, placement, size)
    protected = np.asarray(held >= 0.5, dtype=np.bool_)
    claimed = clean(np.asarray((wanted >= threshold) & ~protected, dtype=np.bool_))
    if np.count_nonzero(claimed) < LEAST_FOUND * claimed.size:
        claimed = np.zeros_like(claimed)
    # Growth that jumps over a strap or a strand of hair would repaint the skin behind it.
    hard = connected(grow(claimed, growth_px(style, size)) & ~protected, claimed)
    return FoundMask(hard, protected, _as_levels(np.where(guarded, 0, strongest)[placement.box]))


def _as_levels(chances: Map) -> Grey:
    # What is no number masks nothing, so it is no chance either.
    return np.rint(255 * np.nan_to_num(chances, nan=0.0)).astype(np.uint8)


def growth_px(style: Style, size: Size) -> int:
    """The style's growth in pixels of a picture of that size."""
    return round(style.mask_growth * max(size))


def feather_px(style: Style, size: Size) -> int:
    """The width of the style's soft edge in pixels of a picture of that size."""
    return round(style.mask_feather * max(size))


def area(mask: Mask | Grey) -> float:
    """The fraction of the picture that a mask touches, 0 to 1."""
    return np.count_nonzero(mask) / mask.size


def refuse_empty(
    mask: Mask | Grey, *, style: Style, source: str, supplied: str | None = None
) -> None:
    """Refuse a mask, found or supplied, that leaves nothing to paint.

    Args:
        mask: What would be repainted: bool, or uint8 where more than 0.
        style: Its prompts.
        source: Names the picture in errors.
        supplied: Address of the mask where it was supplied.

    Raises:
        MaskEmpty: Nothing would be repainted.
    """
    if not np.any(mask):
        prompts = ", ".join(f'"{prompt}"' for prompt in style.mask_prompt)
        reason = f"the mask {supplied} is black" if supplied else f"{prompts} was not found"
        raise MaskEmpty(source=source, reason=reason)


def refuse_too_large(mask: Mask | Grey, *, style: Style, source: str) -> None:
    """Refuse a mask that nobody will look at before it is painted, for its size.

    Raises:
        MaskTooLarge: More would be repainted than the style allows.
    """
    covered = area(mask)
    if covered > style.mask_max_area:
        raise MaskTooLarge(source=source, area=covered, limit=style.mask_max_area)
