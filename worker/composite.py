"""Composite: a square cut out around the mask, and the painted square put back.

Nothing outside the mask is ever computed anew: those pixels are the source's own bytes.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from shared.errors import KeptPixelsChanged
from worker.arrays import Grey, Mask, Rgb, Size
from worker.scaling import scale
from worker.shapes import bounding_box

#: Side of the square over the longer side of the mask: what the painter sees around it.
CONTEXT = 1.5
#: Where the picture ends sooner, real pixels are better than mirrored ones, down to this much.
LEAST_CONTEXT = 1.15
#: A small garment gets more of its surroundings rather than be magnified more than this.
MAX_MAGNIFICATION = 2
#: Rows that are blended or compared at a time: bounds memory on large pictures.
BAND_ROWS = 512


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


def crop_around(mask: Mask | Grey, working_size: int) -> Crop:
    """The square to paint in: around the mask with context, inside the picture where it fits.

    Args:
        mask: bool, or uint8 where more than 0 counts; H x W, not empty.
        working_size: Side in pixels of the square that the painter works on.

    Raises:
        ValueError: The mask is empty; `masks.check_area` comes first.
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


def cut(rgb: Rgb, crop: Crop, side: int) -> Rgb:
    """The square at the painter's size: uint8, side x side x 3.

    What sticks out of the picture is filled with its mirror image; nothing is stretched.
    """
    return scale(_square(rgb, crop), (side, side))


def cut_mask(mask: Mask | Grey, crop: Crop, side: int) -> Grey:
    """The mask of that square: uint8, side x side, 255 = repaint, else 0.

    A pixel that touches a single masked pixel of the source is repainted. What sticks out is
    mirrored like the picture, so that no mirrored garment is left to take its colours from.
    """
    square = _square(np.ascontiguousarray(mask != 0).view(np.uint8), crop)
    return np.asarray(_touched(_touched(square, side).T, side).T * 255, dtype=np.uint8)


def _square(pixels: Grey, crop: Crop) -> Grey:
    height, width = pixels.shape[:2]
    rows, columns = crop.visible((width, height))
    inside = pixels[rows, columns]
    above, left = rows.start - crop.top, columns.start - crop.left
    below, right = crop.side - above - inside.shape[0], crop.side - left - inside.shape[1]
    if not (above or left or below or right):
        return inside
    mirrored = cv2.copyMakeBorder(inside, above, below, left, right, cv2.BORDER_REFLECT_101)
    return np.asarray(mirrored, dtype=np.uint8)


def _touched(mask: Grey, count: int) -> Grey:
    """Scale the rows of a 0/1 mask to a count, each the largest of all rows that it overlaps."""
    edges = np.arange(count + 1) * len(mask)
    first, last = edges[:-1] // count, -(-edges[1:] // count) - 1
    # reduceat ends where the next one starts; a shared row counts for both.
    return np.maximum(np.maximum.reduceat(mask, first, axis=0), mask[last])


def paste(source: Rgb, painted: Rgb, crop: Crop, alpha: Grey) -> Rgb:
    """Put a painted square back: uint8, H x W x 3, in a new array.

    Args:
        source: uint8, H x W x 3.
        painted: uint8, side x side x 3; the crop as painted, at any size.
        crop: Where it was cut out.
        alpha: uint8, H x W: 0 keeps the source's pixel bit for bit, 255 takes the painted one.
            Outside of the crop nothing is painted.
    """
    result = source.copy()
    rows, columns = crop.visible((source.shape[1], source.shape[0]))
    box = bounding_box(alpha[rows, columns])
    if box is None:
        return result
    whole = scale(painted, (crop.side, crop.side))
    offset = rows.start - crop.top, columns.start - crop.left
    inner = whole[offset[0] :, offset[1] :][box]
    _blend(result[rows, columns][box], inner, alpha[rows, columns][box])
    return result


def _blend(target: Rgb, painted: Rgb, alpha: Grey) -> None:
    """Lay the painted pixels on the target, rounded to nearest; exact where alpha is 0 or 255."""
    for band in _bands(len(target)):
        weight = alpha[band, :, None].astype(np.uint16)
        mixed = target[band] * (255 - weight) + painted[band] * weight + 127
        target[band] = mixed // 255


def largest_difference_outside(source: Rgb, result: Rgb, alpha: Grey) -> int:
    """The largest difference of a channel, 0 to 255, over the pixels that were not painted.

    Args:
        source: uint8, H x W x 3.
        result: Likewise, after painting, and after encoding where that is what is measured.
        alpha: uint8, H x W; 0 = not painted.

    Raises:
        ValueError: The pictures have different sizes.
    """
    if source.shape != result.shape or source.shape[:2] != alpha.shape:
        msg = f"sizes differ: {source.shape}, {result.shape}, {alpha.shape}"
        raise ValueError(msg)
    return max(
        _largest_where(source[band], result[band], alpha[band] == 0) for band in _bands(len(source))
    )


def _largest_where(one: Rgb, other: Rgb, counts: Mask) -> int:
    difference = cv2.absdiff(one, other)
    return int(cv2.copyTo(difference, counts.view(np.uint8)).max())


def check_kept(source: Rgb, result: Rgb, alpha: Grey, *, name: str) -> int:
    """The promise, checked on every result: 0, the largest difference outside the mask.

    Raises:
        KeptPixelsChanged: A pixel outside the mask differs; `name` is the source's address.
    """
    levels = largest_difference_outside(source, result, alpha)
    if levels:
        raise KeptPixelsChanged(source=name, levels=levels)
    return levels


def _bands(rows: int) -> Iterator[slice]:
    return (slice(top, top + BAND_ROWS) for top in range(0, rows, BAND_ROWS))
