"""Gate: what is measured of a mask that text found, and whether a person should look at it."""

import math

import cv2
import numpy as np

from shared.gate import Gate
from shared.styles import Style
from worker.arrays import Grey, Mask
from worker.pixels.masks import area
from worker.pixels.shapes import bounding_box

#: Levels of a stored probability, as fractions.
LEVELS = np.arange(256) / 255


def measured(hard: Mask, chances: Grey, style: Style) -> Gate:
    """What is measured of a mask, and what the style's ranges say to it.

    Each measure is compared with its limit: the strain is 0 where there is nothing to complain
    about, 1 at the limit, and more beyond. The largest one makes the score: half of it is taken
    off 1 as far as the limit, so that 0.5 is a measure at its limit; beyond, the score is half
    the strain's inverse. So no complaint is made good by another measure, and the score never
    rises with one.

    Args:
        hard: bool, H x W: all that would be repainted, growth included, as `mask_max_area` and
            a sidecar's `area` have it.
        chances: uint8: the map that it was found in, as `FoundMask.chances`.
        style: The ranges, and the threshold that the map was cut at.
    """
    coverage, sure = round(area(hard), 6), round(margin(chances, style.mask_threshold), 4)
    count, edge = pieces(hard), round(border(hard), 4)
    strains = {
        "too_large": _times(style.mask_max_area, coverage),
        "too_small": _times(coverage, style.mask_min_area),
        "uncertain": _times(sure, style.gate_margin),
        "scattered": _times(style.gate_pieces, count),
        "at_border": _times(style.gate_border, edge),
    }
    return Gate(
        score=round(score(max(strains.values())), 4),
        reasons=tuple(reason for reason, strain in strains.items() if strain > 1),
        coverage=coverage,
        margin=sure,
        pieces=count,
        border=edge,
    )


def _times(whole: float, part: float) -> float:
    """How many times the one goes into the other."""
    if part == 0:
        return 0.0
    return part / whole if whole else math.inf


def score(strain: float) -> float:
    """From 1 (no strain) over 0.5 (a measure at its limit) towards 0."""
    return 1 - strain / 2 if strain <= 1 else 1 / (2 * strain)


def margin(chances: Grey, threshold: float) -> float:
    """How little a mask depends on its threshold: 0 (on all of it) to 1 (not at all).

    The mean area of the masks that a threshold between `threshold` and 1 would give, over the
    mean area of those between half of `threshold` and `threshold`. It is the stability score of
    Kirillov et al., "Segment Anything" (2023, arXiv 2304.02643), taken over all offsets and not
    at one: it falls with each masked pixel that is near the threshold, and with each unmasked one.
    """
    counts = np.bincount(chances.ravel(), minlength=len(LEVELS))
    kept = counts @ np.clip((LEVELS - threshold) / (1 - threshold), 0, 1)
    reached = counts @ np.clip(2 * LEVELS / threshold - 1, 0, 1)
    return float(kept / reached) if reached else 0.0


def pieces(mask: Mask) -> int:
    """The number of pieces that touch nowhere, not even by a corner."""
    box = bounding_box(mask)
    if box is None:
        return 0
    image = np.ascontiguousarray(mask[box]).view(np.uint8)
    labels, _ = cv2.connectedComponents(image, connectivity=8)
    return int(labels) - 1


def border(mask: Mask) -> float:
    """The share of the picture's outermost pixels that are masked, 0 to 1."""
    sides = (mask[0], mask[-1], mask[1:-1, 0], mask[1:-1, -1])
    return float(np.concatenate(sides).mean())
