"""Strips: tiles of one size, whatever the picture's shape."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.pixels.strip import TILE_SIDE, mask_tile, strip, tile, tile_size

lengths = st.integers(1, 900)


@settings(deadline=None, max_examples=30)
@given(width=lengths, height=lengths, variants=st.integers(0, 4))
def test_a_strip_is_a_whole_number_of_tiles_of_the_pictures_shape(width, height, variants):
    """Each tile is as long as the longest may be, and so says how many there are."""
    rgb = np.zeros((height, width, 3), dtype=np.uint8)
    mask = np.zeros((height, width), dtype=np.uint8)
    tiles = [tile(rgb), mask_tile(mask), *[tile(rgb)] * variants]
    made = strip(tiles)
    wide, high = tile_size((width, height))
    assert max(wide, high) == TILE_SIDE
    assert abs(wide * height - high * width) <= max(width, height)
    assert made.shape == (high, wide * (2 + variants), 3)


@pytest.mark.parametrize("side", [64, 2_001])
def test_a_tile_shows_the_whole_picture_in_its_own_colours(side):
    """The halves of a picture are the halves of its tile, smaller or larger than it was."""
    rgb = np.zeros((side, side, 3), dtype=np.uint8)
    rgb[:, side // 2 :] = (200, 100, 50)
    mask = rgb[..., 0] // 200 * np.uint8(255)
    small, white = tile(rgb), mask_tile(mask)
    assert (small[:, : TILE_SIDE // 2 - 20] == 0).all()
    assert (small[:, TILE_SIDE // 2 + 20 :] == (200, 100, 50)).all()
    assert (white[:, TILE_SIDE // 2 + 20 :] == 255).all()
    assert (white[:, : TILE_SIDE // 2 - 20] == 0).all()
