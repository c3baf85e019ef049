"""Composite: squares cut out of a picture, and the painted squares put back.

Nothing outside the mask is ever computed anew: those pixels are the source's own bytes.
"""

from collections.abc import Callable, Iterator, Sequence

import cv2
import numpy as np

from shared.errors import KeptPixelsChanged
from worker.arrays import Grey, Mask, Rgb
from worker.pixels.crops import Crop, CropPlan
from worker.pixels.enlargement import pieces
from worker.pixels.scaling import scale
from worker.pixels.shapes import bounding_box

#: Rows that are compared at a time: bounds memory on large pictures.
BAND_ROWS = 512


def cut(pixels: Rgb | Grey, crop: Crop, side: int) -> Rgb | Grey:
    """The square at the painter's size: uint8, side x side, or side x side x 3 of colours.

    What sticks out of the picture is filled with its mirror image; nothing is stretched.
    """
    inside = pixels[crop.visible((pixels.shape[1], pixels.shape[0]))]
    if inside.shape[:2] == (crop.side, crop.side):
        return scale(inside, (side, side))
    if crop.side <= side:
        # Small, and bicubic overshoots: it must not be cut off between the axes.
        return scale(_by_axes(pixels, crop, lambda part, _: part), (side, side))
    return _by_axes(pixels, crop, lambda part, axis: _scaled(part, axis, side))


def cut_mask(mask: Mask | Grey, crop: Crop, side: int) -> Grey:
    """The mask of that square: uint8, side x side, 255 = repaint, else 0.

    A pixel that touches a single masked pixel of the source is repainted. What sticks out is
    mirrored like the picture, so that no mirrored garment is left to take its colours from.
    """
    square = _by_axes(mask.view(np.uint8), crop, lambda part, axis: _touched(part, axis, side))
    return np.where(square != 0, np.uint8(255), np.uint8(0))


def _by_axes(pixels: Grey, crop: Crop, fit: Callable[[Grey, int], Grey]) -> Grey:
    """What a crop shows, each axis mirrored and then made to fit, one after the other.

    The axis that sticks out comes last: what is mirrored is narrow by then. The square at its
    full size would take far more memory than a long picture does.
    """
    visible = crop.visible((pixels.shape[1], pixels.shape[0]))
    square = pixels[visible]
    for axis in sorted((0, 1), key=lambda axis: -square.shape[axis]):
        before = visible[axis].start - (crop.top, crop.left)[axis]
        square = fit(_mirrored(square, axis, before, crop.side), axis)
    return square


def _mirrored(pixels: Grey, axis: int, before: int, length: int) -> Grey:
    """An axis at a crop's length, with so many mirrored pixels before the picture's own."""
    after = length - before - pixels.shape[axis]
    if not (before or after):
        return pixels
    (above, below), (left, right) = ((before, after) if axis == one else (0, 0) for one in (0, 1))
    mirrored = cv2.copyMakeBorder(pixels, above, below, left, right, cv2.BORDER_REFLECT_101)
    return np.asarray(mirrored, dtype=np.uint8)


def _scaled(pixels: Grey, axis: int, count: int) -> Grey:
    height, width = pixels.shape[:2]
    return scale(pixels, (width, count) if axis == 0 else (count, height))


def _touched(mask: Grey, axis: int, count: int) -> Grey:
    """Scale an axis of a mask to a count, each the largest of all pixels that it overlaps."""
    length = mask.shape[axis]
    edges = np.arange(count + 1) * length
    first, last = edges[:-1] // count, -(-edges[1:] // count) - 1
    # reduceat ends where the next one starts; a shared pixel counts for both.
    until = np.maximum.reduceat(mask, first, axis=axis)
    return np.asarray(np.maximum(until, mask.take(last, axis=axis)), dtype=np.uint8)


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
    under, weight = target[rows, columns][box], alpha[rows, columns][box]
    part = _moved(box[0], rows.start - crop.top), _moved(box[1], columns.start - crop.left)
    for piece, paint in pieces(painted, crop.side, part):
        _blend(under[piece], paint, weight[piece])


def _moved(extent: slice, by: int) -> slice:
    return slice(extent.start + by, extent.stop + by)


def _blend(target: Rgb, painted: Rgb, alpha: Grey) -> None:
    """Lay the painted pixels on the target, rounded to nearest; exact where alpha is 0 or 255."""
    # A weight for each channel: numpy is slow where three share one.
    weight = cv2.merge([alpha] * 3)
    mixed = np.multiply(target, 255 - weight, dtype=np.uint16)
    mixed += np.multiply(painted, weight, dtype=np.uint16)
    mixed += 127
    mixed //= 255
    target[:] = mixed


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
