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
    return scale(rgb, tile_size((rgb.shape[1], rgb.shape[0])))


def mask_tile(alpha: Grey) -> Rgb:
    """A soft mask as a tile, white on black: uint8, H x W x 3."""
    small = scale(alpha, tile_size((alpha.shape[1], alpha.shape[0])))
    return np.repeat(small[..., None], 3, axis=2)


def strip(tiles: Sequence[Rgb]) -> Rgb:
    """Tiles of one size side by side: uint8, H x (W times their number) x 3."""
    return np.hstack(tiles)
