"""Crops: the squares that a mask is painted in, and which square repaints which pixel.

One garment takes one square. Garments that lie apart take one each, where a square around all of
them would cost resolution; pieces of one garment, parted by an arm or a strap, stay together,
since two paintings of one cloth would not match.
"""

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from worker.arrays import Grey, Mask, Size
from worker.pixels.shapes import bounding_box

#: Side of the square over the longer side of the mask: what the painter sees around it.
CONTEXT = 1.5
#: Where the picture ends sooner, real pixels are better than mirrored ones, down to this much.
LEAST_CONTEXT = 1.15
#: A small garment gets more of its surroundings rather than be magnified more than this.
MAX_MAGNIFICATION = 2

#: Most squares of one picture: each costs as much time on the device as a variant does.
MAX_CROPS = 4
#: Two groups share a square when the finer one's pixels shrink no more than by this.
MAX_LOSS = 1.25
#: Two groups are one garment, or a pair, when the gap between them is at most this share of the
#: longer side of the larger (an arm before a dress) ...
NEAR_LARGER = 0.15
#: ... or of the smaller (a pair of shoes).
NEAR_SMALLER = 1.0
#: Pieces are told apart on a grid of so many cells along the longer side.
CELLS = 128
#: Pieces beyond the largest so many go with the nearest of these.
MAX_PIECES = 16


@dataclass(frozen=True, slots=True)
class Crop:
    """A square in source pixels; it may stick out on both sides of a shorter picture."""

    left: int
    top: int
    side: int

    def visible(self, size: Size) -> tuple[slice, slice]:
        """Rows and columns of the picture that the square covers."""
        width, height = size
        rows = slice(max(0, self.top), min(height, self.top + self.side))
        columns = slice(max(0, self.left), min(width, self.left + self.side))
        return rows, columns


@dataclass(frozen=True, slots=True, eq=False)
class CropPlan:
    """The squares of one mask, that of the largest garment first."""

    crops: tuple[Crop, ...]
    #: uint8, H x W: the number of the crop that repaints a pixel, from 1; 0 where none does.
    owner: Grey

    def own(self, alpha: Grey, number: int) -> Grey:
        """The soft mask of one crop: uint8, H x W, 0 where another crop repaints, or none."""
        if len(self.crops) == 1:
            return alpha
        return cv2.copyTo(alpha, (self.owner == number).view(np.uint8)).astype(np.uint8, copy=False)


def plan_crops(mask: Mask | Grey, working_size: int) -> CropPlan:
    """The squares to paint a mask in; each masked pixel belongs to exactly one.

    Args:
        mask: bool, or uint8 where more than 0 counts; H x W, not empty.
        working_size: Side in pixels of the square that the painter works on.

    Raises:
        ValueError: The mask is empty; `masks.refuse_empty` comes first.
    """
    whole = crop_around(mask, working_size)
    hard = np.ascontiguousarray(mask != 0)
    if whole.side <= working_size:
        return CropPlan((whole,), hard.view(np.uint8))
    owner = _owners(hard, working_size)
    crops = tuple(
        crop_around(owner == number, working_size) for number in range(1, owner.max() + 1)
    )
    return CropPlan(crops, owner)


def crop_around(mask: Mask | Grey, working_size: int) -> Crop:
    """The square around a mask with context, inside the picture where it fits.

    Args:
        mask: bool, or uint8 where more than 0 counts; H x W, not empty.
        working_size: Side in pixels of the square that the painter works on.

    Raises:
        ValueError: The mask is empty; `masks.refuse_empty` comes first.
    """
    box = bounding_box(mask)
    if box is None:
        msg = "an empty mask has nothing to crop around"
        raise ValueError(msg)
    (top, bottom), (left, right) = ((extent.start, extent.stop) for extent in box)
    height, width = mask.shape
    side = _side(max(bottom - top, right - left), (width, height), working_size)
    return Crop(_start(left, right, side, width), _start(top, bottom, side, height), side)


def _side(longer: int, size: Size, working_size: int) -> int:
    wanted = max(round(CONTEXT * longer), working_size // MAX_MAGNIFICATION)
    if wanted > min(size):
        wanted = max(min(size), round(LEAST_CONTEXT * longer))
    return min(wanted, max(size))


def _start(first: int, last: int, side: int, length: int) -> int:
    """Where the square starts along an axis: centred on the mask, or on a picture it outgrows."""
    if side >= length:
        return -((side - length) // 2)
    centred = first - (side - (last - first)) // 2
    return min(max(0, centred), length - side)


# --- which pieces share a square -------------------------------------------------------------


class _Group(NamedTuple):
    """Pieces that are painted together, and the box around them in source pixels."""

    left: int
    top: int
    right: int
    bottom: int
    #: Their labels on the grid, and how many of its cells they fill.
    labels: tuple[int, ...]
    cells: int

    @property
    def longer(self) -> int:
        return max(self.right - self.left, self.bottom - self.top)

    def gap(self, other: "_Group") -> int:
        """Pixels between the boxes along the axis that parts them most; 0 where they touch."""
        across = max(self.left, other.left) - min(self.right, other.right)
        down = max(self.top, other.top) - min(self.bottom, other.bottom)
        return max(0, across, down)

    def joined(self, other: "_Group") -> "_Group":
        return _Group(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
            self.labels + other.labels,
            self.cells + other.cells,
        )


def _owners(mask: Mask, working_size: int) -> Grey:
    """The number of each masked pixel's crop, from 1, that of the largest group first."""
    height, width = mask.shape
    cell = -(-max(height, width) // CELLS)
    labels, pieces = _pieces(mask, cell)
    groups = _grouped(_largest(pieces), (width, height), working_size)
    if len(groups) == 1:
        return mask.view(np.uint8)
    numbers = np.zeros(len(pieces) + 1, dtype=np.uint8)
    for number, group in enumerate(sorted(groups, key=lambda group: -group.cells), start=1):
        numbers[list(group.labels)] = number
    spread = numbers[labels].repeat(cell, axis=0)[:height].repeat(cell, axis=1)[:, :width]
    return spread * mask


def _pieces(mask: Mask, cell: int) -> tuple[npt.NDArray[np.int32], list[_Group]]:
    """Labels of the grid's cells that hold a masked pixel, and each connected piece of them."""
    rows = np.logical_or.reduceat(mask, np.arange(0, mask.shape[0], cell), axis=0)
    grid = np.logical_or.reduceat(rows, np.arange(0, mask.shape[1], cell), axis=1)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(grid.view(np.uint8), connectivity=8)
    pieces = []
    for label, (left, top, width, height, cells) in enumerate(stats.tolist()[1:], start=1):
        box = (left * cell, top * cell, (left + width) * cell, (top + height) * cell)
        pieces.append(_Group(*box, (label,), cells))
    return np.asarray(labels, dtype=np.int32), pieces


def _largest(pieces: list[_Group]) -> list[_Group]:
    """At most `MAX_PIECES` groups: each smaller piece has joined the one nearest to it."""
    ordered = sorted(pieces, key=lambda piece: -piece.cells)
    groups = ordered[:MAX_PIECES]
    for piece in ordered[MAX_PIECES:]:
        nearest = min(range(MAX_PIECES), key=lambda place: groups[place].gap(piece))
        groups[nearest] = groups[nearest].joined(piece)
    return groups


def _grouped(groups: list[_Group], size: Size, working_size: int) -> list[_Group]:
    """The groups, those joined that belong together and those that the most crops ask for."""
    while len(groups) > 1:
        pairs = [(one, other) for place, one in enumerate(groups) for other in groups[:place]]
        loss, one, other = min(
            (_loss(one, other, size, working_size), one, other) for one, other in pairs
        )
        if loss > MAX_LOSS and len(groups) <= MAX_CROPS:
            break
        groups = [group for group in groups if group not in (one, other)] + [one.joined(other)]
    return groups


def _loss(one: _Group, other: _Group, size: Size, working_size: int) -> float:
    """How much smaller the finer of two groups would be painted in one square; 1 if not at all."""
    small, large = sorted((one, other), key=lambda group: group.longer)
    if one.gap(other) <= max(NEAR_LARGER * large.longer, NEAR_SMALLER * small.longer):
        return 1.0
    together = _side(one.joined(other).longer, size, working_size)
    return together / max(working_size, _side(small.longer, size, working_size))
