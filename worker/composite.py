"""Composite: squares cut out of a picture, and the painted squares put back.

Nothing outside the mask is ever computed anew: those pixels are the source's own bytes.
"""

from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from shared.errors import KeptPixelsChanged
from worker.arrays import Grey, Mask, Rgb
from worker.crops import Crop, CropPlan
from worker.scaling import enlarge, scale
from worker.shapes import bounding_box

#: Rows that are blended or compared at a time: bounds memory on large pictures.
BAND_ROWS = 512


def cut(pixels: Rgb | Grey, crop: Crop, side: int) -> Rgb | Grey:
    """The square at the painter's size: uint8, side x side, or side x side x 3 of colours.

    What sticks out of the picture is filled with its mirror image; nothing is stretched.
    """
    return scale(_square(pixels, crop), (side, side))


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


def paste(source: Rgb, painted: Sequence[Rgb], plan: CropPlan, alpha: Grey) -> Rgb:
    """Put the painted squares back, in any order: uint8, H x W x 3, in a new array.

    Args:
        source: uint8, H x W x 3.
        painted: One square for each crop of the plan: uint8, side x side x 3, at any size, in
            the source's colours.
        plan: Where they were cut out, and which of them repaints which pixel.
        alpha: uint8, H x W: 0 keeps the source's pixel bit for bit, 255 takes the painted one.
            Outside of the crops nothing is painted.
    """
    result = source.copy()
    for number, (square, crop) in enumerate(zip(painted, plan.crops, strict=True), start=1):
        _lay(result, square, crop, plan.own(alpha, number))
    return result


def _lay(target: Rgb, painted: Rgb, crop: Crop, alpha: Grey) -> None:
    """Lay a painted square on the target where its own soft mask says so."""
    rows, columns = crop.visible((target.shape[1], target.shape[0]))
    box = bounding_box(alpha[rows, columns])
    if box is None:
        return
    whole = enlarge(painted, crop.side)
    inner = whole[rows.start - crop.top :, columns.start - crop.left :][box]
    _blend(target[rows, columns][box], inner, alpha[rows, columns][box])


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
