"""Enlargement: edges stay sharp, nothing gets a halo, and only what is asked is made."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.demo.catalogue import draw
from worker.pixels.enlargement import SHARPENING, SHARPENING_SIGMA, enlarge, pieces
from worker.pixels.scaling import scale

levels = st.integers(0, 255)


@settings(deadline=None, max_examples=40)
@given(st.tuples(levels, levels, levels), st.integers(8, 40), st.integers(1, 200))
def test_a_flat_colour_stays_exactly_as_it_is(colour, side, target):
    """Enlarged or reduced, by any factor."""
    flat = np.full((side, side, 3), colour, dtype=np.uint8)
    assert (enlarge(flat, target) == colour).all()


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 99), st.integers(65, 400))
def test_no_pixel_leaves_the_range_of_its_neighbours(seed, target):
    """No halo: all that an edge may become lies between its two sides."""
    painted = np.random.default_rng(seed).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    size, around = (target, target), np.ones((5, 5), dtype=np.uint8)
    lowest = cv2.resize(cv2.erode(painted, around), size, interpolation=cv2.INTER_NEAREST)
    highest = cv2.resize(cv2.dilate(painted, around), size, interpolation=cv2.INTER_NEAREST)
    whole = enlarge(painted, target)
    assert (lowest <= whole).all()
    assert (whole <= highest).all()


def test_a_square_of_the_crops_size_is_itself_in_its_own_memory():
    """Nothing is sharpened that is not enlarged."""
    painted = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    whole = enlarge(painted, 64)
    assert np.array_equal(whole, painted)
    assert not np.shares_memory(whole, painted)


def at_once(painted, side):
    """The rule, word for word, on the whole square at once."""
    size, near = (side, side), np.ones((3, 3), dtype=np.uint8)
    blurred = cv2.GaussianBlur(painted, (0, 0), SHARPENING_SIGMA)
    sharp = cv2.addWeighted(painted, 1 + SHARPENING, blurred, -SHARPENING, 0)
    lowest, highest = (
        cv2.resize(limit(painted, near), size, interpolation=cv2.INTER_LINEAR)
        for limit in (cv2.erode, cv2.dilate)
    )
    return np.clip(cv2.resize(sharp, size, interpolation=cv2.INTER_CUBIC), lowest, highest)


@st.composite
def parts(draw):
    """A side, and rows and columns within it."""
    side = draw(st.integers(65, 1_200))
    ends = [sorted(draw(st.sets(st.integers(0, side), min_size=2, max_size=2))) for _ in "rc"]
    return side, tuple(slice(first, last) for first, last in ends)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 99), parts())
def test_a_part_is_that_part_of_the_whole(seed, wanted):
    """Piece by piece and rounded once, it is what the whole at once gives, to a level."""
    side, part = wanted
    painted = np.random.default_rng(seed).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    whole = at_once(painted, side)[part]
    made = np.zeros_like(whole)
    times = np.zeros(made.shape[:2], dtype=int)
    for box, pixels in pieces(painted, side, part):
        made[box] = pixels
        times[box] += 1
    assert (times == 1).all()
    assert np.abs(made.astype(int) - whole).max() <= 1


def decibels(ours, truth):
    """Peak signal to noise ratio."""
    return 10 * np.log10(255**2 / np.mean((ours.astype(float) - truth) ** 2))


@pytest.mark.parametrize("factor", [2, 4])
def test_drawn_edges_come_back_sharper_than_by_the_plain_rule(factor):
    """Reduced and enlarged again, drawings are nearer to what they were by most of a decibel."""
    gains = []
    for seed in range(70_100, 70_106):
        pixels = np.asarray(draw(seed, (480, 640)).image)[100:580]
        small = scale(pixels, (480 // factor, 480 // factor))
        plain = scale(small, (480, 480))
        gains.append(decibels(enlarge(small, 480), pixels) - decibels(plain, pixels))
    assert min(gains) > 0.8
