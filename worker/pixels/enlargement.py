"""Enlargement: painted squares at the size of their crops, of which only what is asked is made.

A crop may be as long as the longest picture; the whole of its square would take far more memory
than the picture does. So a square is enlarged along one axis, then piece by piece along the other.
"""

from collections.abc import Iterator

import cv2
import numpy as np
import numpy.typing as npt

from worker.arrays import Rgb
from worker.pixels.scaling import scale
from worker.pixels.shapes import Box

#: A painted square is sharpened before it is enlarged: by this share of its difference from its
#: blur, of this width in its own pixels.
SHARPENING, SHARPENING_SIGMA = 0.5, 0.8
#: A piece has about so many pixels before it is cut to the part: bounds memory, whatever the side.
PIECE_PIXELS = 2**18
#: Between the two axes a level is kept in so many parts, so that it is rounded once, in the end;
#: what overshoots an edge still fits into 16 bits.
PARTS = 64

#: int16, H x W x 3: parts of levels.
_Fine = npt.NDArray[np.int16]


def pieces(painted: Rgb, side: int, part: Box) -> Iterator[tuple[Box, Rgb]]:
    """A part of a painted square that is enlarged to the side of its crop, in pieces.

    On the way up its edges are sharpened, yet no pixel leaves the range of its neighbours: no
    edge gets a halo, and a flat colour stays exactly as it is.

    Args:
        painted: uint8, H x H x 3.
        side: The side to reach in pixels; a smaller one is reached without sharpening.
        part: Rows and columns of the side x side that are wanted.

    Yields:
        Rows and columns within the part, and their pixels, uint8, H x W x 3.
    """
    if side <= len(painted):
        yield (slice(None), slice(None)), scale(painted, (side, side))[part]
        return
    first, last = _shorter_axis_first(part)
    layers = [(_begun(layer, rule, side, first, part), rule) for layer, rule in _layers(painted)]
    for span in _spans(part[first].stop - part[first].start, side):
        box = _box(first, span)
        sharp, lowest, highest = (
            _stretched(layer[box], rule, side, last)[_box(last, part[last])]
            for layer, rule in layers
        )
        cv2.min(cv2.max(sharp, lowest, sharp), highest, sharp)
        yield box, np.asarray(cv2.convertScaleAbs(sharp, alpha=1 / PARTS), dtype=np.uint8)


def enlarge(painted: Rgb, side: int) -> Rgb:
    """The whole of a painted square at the side of its crop: uint8, side x side x 3."""
    whole = np.empty((side, side, 3), dtype=np.uint8)
    for box, pixels in pieces(painted, side, (slice(0, side), slice(0, side))):
        whole[box] = pixels
    return whole


def _shorter_axis_first(part: Box) -> tuple[int, int]:
    """Of what is made along the last axis least is thrown away."""
    rows, columns = (extent.stop - extent.start for extent in part)
    return (0, 1) if rows <= columns else (1, 0)


def _layers(painted: Rgb) -> Iterator[tuple[_Fine, int]]:
    """The sharpened square, and the lowest and highest levels around; how each is enlarged."""
    near = np.ones((3, 3), dtype=np.uint8)
    blurred = cv2.GaussianBlur(painted, (0, 0), SHARPENING_SIGMA)
    sharp = cv2.addWeighted(painted, 1 + SHARPENING, blurred, -SHARPENING, 0)
    lowest, highest = cv2.erode(painted, near), cv2.dilate(painted, near)
    rules = (cv2.INTER_CUBIC, cv2.INTER_LINEAR, cv2.INTER_LINEAR)
    for layer, rule in zip((sharp, lowest, highest), rules, strict=True):
        yield layer.astype(np.int16) * np.int16(PARTS), rule


def _begun(layer: _Fine, rule: int, side: int, axis: int, part: Box) -> _Fine:
    """A layer enlarged along one axis, and only there cut to the part."""
    across = 1 - axis
    strips = (layer[_box(across, span)] for span in _spans(layer.shape[across], side))
    wanted = _box(axis, part[axis])
    enlarged = [_stretched(strip, rule, side, axis)[wanted].copy() for strip in strips]
    return np.concatenate(enlarged, axis=across)


def _stretched(layer: _Fine, rule: int, side: int, axis: int) -> _Fine:
    """A layer enlarged along one axis, all of it: OpenCV knows no part that starts between."""
    height, width = layer.shape[:2]
    size = (width, side) if axis == 0 else (side, height)
    return np.asarray(cv2.resize(layer, size, interpolation=rule), dtype=np.int16)


def _box(axis: int, span: slice) -> Box:
    return (span, slice(None)) if axis == 0 else (slice(None), span)


def _spans(length: int, side: int) -> Iterator[slice]:
    """Rows or columns to enlarge together along the other axis."""
    step = max(1, PIECE_PIXELS // side)
    return (slice(first, min(first + step, length)) for first in range(0, length, step))
