"""Strip: a picture, its mask and its variants, small and side by side, for people to look at."""

from collections.abc import Sequence

import numpy as np

from worker.arrays import Grey, Rgb, Size
from worker.pixels.scaling import scale

#: Longer side of a tile in pixels.
TILE_SIDE = 512


def tile_size(size: Size) -> Size:
    """Width and height of a picture's tiles: its shape, at least a pixel thin."""
    width, height = (max(1, round(length * TILE_SIDE / max(size))) for length in size)
    return width, height


def tile(rgb: Rgb) -> Rgb:
    """A whole picture as a tile: uint8, H x W x 3, in the colour space that it came in."""
    return _small(rgb)


def mask_tile(alpha: Grey) -> Rgb:
    """A soft mask as a tile, white on black: uint8, H x W x 3."""
    return np.repeat(_small(alpha)[..., None], 3, axis=2)


def _small(pixels: Grey) -> Grey:
    size = tile_size((pixels.shape[1], pixels.shape[0]))
    # By halves first, a fourth of the time: OpenCV is quick at whole fractions. At most the last
    # row and column of an odd side go unseen.
    while max(pixels.shape[:2]) >= 2 * TILE_SIDE and min(pixels.shape[:2]) > 1:
        height, width = (length // 2 for length in pixels.shape[:2])
        pixels = scale(pixels[: 2 * height, : 2 * width], (width, height))
    return scale(pixels, size)


def strip(tiles: Sequence[Rgb]) -> Rgb:
    """Tiles of one size side by side: uint8, H x (W times their number) x 3."""
    return np.hstack(tiles)
