"""Scenes: noisy pictures with masks in them, for the tests of crops and composites."""

import numpy as np
from hypothesis import strategies as st

SHAPES = [(64, 64), (200, 1600), (1600, 200), (97, 301), (300, 200)]
WORKING_SIZES = st.sampled_from([64, 128, 512])


@st.composite
def scenes(draw) -> tuple[np.ndarray, np.ndarray]:
    """A noisy picture and a mask in it: boxes anywhere, at the borders, over everything."""
    height, width = draw(st.sampled_from(SHAPES))
    rgb = np.random.default_rng(draw(st.integers(0, 9))).integers(
        0, 256, (height, width, 3), dtype=np.uint8
    )
    mask = np.zeros((height, width), dtype=bool)
    for _ in range(draw(st.integers(1, 3))):
        top, left = draw(st.integers(0, height - 1)), draw(st.integers(0, width - 1))
        bottom, right = draw(st.integers(top + 1, height)), draw(st.integers(left + 1, width))
        mask[top:bottom, left:right] = True
    return rgb, mask


def box_mask(size: tuple[int, int], box: tuple[int, int, int, int]) -> np.ndarray:
    """A mask of width x height with one box: left, top, right, bottom."""
    mask = np.zeros(size[::-1], dtype=bool)
    mask[box[1] : box[3], box[0] : box[2]] = True
    return mask
