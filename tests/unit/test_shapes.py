"""Shapes: cleaning, growing and feathering hard masks."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.pixels.shapes import bounding_box, clean, connected, feather, grow

lengths = st.integers(1, 90)


@st.composite
def masks(draw, least: int = 1) -> np.ndarray:
    """Rectangles, discs, holes and specks, often at the border."""
    height, width = draw(st.integers(least, 90)), draw(st.integers(least, 90))
    mask = np.zeros((height, width), dtype=np.uint8)
    places = st.tuples(st.integers(-5, width + 5), st.integers(-5, height + 5))
    for _ in range(draw(st.integers(0, 6))):
        value = draw(st.sampled_from([1, 1, 0]))
        centre, radius = draw(places), draw(st.integers(0, 40))
        if draw(st.booleans()):
            cv2.circle(mask, centre, radius, value, -1)
        else:
            cv2.rectangle(mask, centre, draw(places), value, -1)
    return mask.astype(bool)


def disc(size: int, radius: int) -> np.ndarray:
    """A disc in the middle of a square picture."""
    y, x = np.mgrid[:size, :size] - size // 2
    return x**2 + y**2 <= radius**2


# --- bounding box ----------------------------------------------------------------------------


@given(masks())
def test_the_bounding_box_is_the_least_that_holds_all(mask):
    """Every pixel lies in it, and each of its edges has one."""
    box = bounding_box(mask)
    if not mask.any():
        assert box is None
        return
    inside = mask[box]
    assert inside.sum() == mask.sum()
    assert inside[0].any()
    assert inside[-1].any()
    assert inside[:, 0].any()
    assert inside[:, -1].any()


# --- clean -----------------------------------------------------------------------------------


@settings(deadline=None)
@given(masks(), st.floats(0, 0.2), st.floats(0, 0.2), st.floats(0, 1))
def test_cleaning_twice_is_cleaning_once(mask, hole, island, share):
    """clean(clean(m)) = clean(m), for any limits."""
    limits = {"hole_fraction": hole, "island_fraction": island, "island_share": share}
    once = clean(mask, **limits)
    assert np.array_equal(clean(once, **limits), once)


@settings(deadline=None)
@given(masks())
def test_cleaning_never_empties_a_mask_and_leaves_its_input_alone(mask):
    """The largest piece stays; the array that came in is as it was."""
    before = mask.copy()
    assert clean(mask).any() == mask.any()
    assert np.array_equal(mask, before)


def test_small_holes_are_filled_and_large_gaps_stay_open():
    """A button is garment; what is seen between an arm and the body is background."""
    mask = disc(400, 150)
    mask[200:205, 200:205] = False
    mask[120:160, 120:160] = False
    cleaned = clean(mask)
    assert cleaned[200:205, 200:205].all()
    assert not cleaned[120:160, 120:160].any()


def test_a_notch_at_the_pictures_border_is_no_hole():
    """Background that touches the border is not enclosed, however small it is."""
    mask = np.ones((400, 400), dtype=bool)
    mask[0:3, 100:103] = False
    assert np.array_equal(clean(mask), mask)


def test_a_gap_that_opens_diagonally_is_still_a_hole():
    """Pieces hang together by corners, so background does not: the two notions agree."""
    mask = np.zeros((400, 400), dtype=bool)
    mask[100:300, 100:300] = True
    mask[100, 100] = mask[101, 101] = False
    cleaned = clean(mask)
    assert cleaned[101, 101]
    assert not cleaned[100, 100]


def test_specks_go_and_real_pieces_stay():
    """A shoe beside the dress is kept, a speck of noise is not."""
    mask = disc(400, 100)
    mask[5:10, 5:10] = True
    mask[350:390, 350:390] = True
    cleaned = clean(mask)
    assert not cleaned[:20, :20].any()
    assert cleaned[350:390, 350:390].all()


def test_a_tiny_garment_is_no_speck_when_there_is_nothing_larger():
    """Small against the picture, but not against the largest piece: both must hold to go."""
    mask = np.zeros((400, 400), dtype=bool)
    mask[10:16, 10:16] = True
    mask[30:35, 10:15] = True
    assert np.array_equal(clean(mask), mask)


# --- grow ------------------------------------------------------------------------------------


@settings(deadline=None)
@given(masks(), st.integers(0, 30), st.integers(0, 30))
def test_growth_is_monotone_in_radius_and_mask(mask, radius, more):
    """No pixel is lost by a larger radius or a larger mask."""
    grown = grow(mask, radius)
    assert not (mask & ~grown).any()
    assert not (grown & ~grow(mask, radius + more)).any()
    part = mask.copy()
    part[: len(part) // 2] = False
    assert not (grow(part, radius) & ~grown).any()


@settings(deadline=None)
@given(masks(), st.integers(1, 12))
def test_growth_is_dilation_by_a_disc(mask, radius):
    """Every pixel within the radius of the mask, and no other (by brute force)."""
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    kernel = (x**2 + y**2 <= radius**2).astype(np.uint8)
    slow = cv2.dilate(mask.astype(np.uint8), kernel, borderValue=0).astype(bool)
    assert np.array_equal(grow(mask, radius), slow)


def test_nothing_grows_out_of_nothing():
    """An empty mask stays empty, a full one full."""
    assert not grow(np.zeros((9, 9), dtype=bool), 5).any()
    assert grow(np.ones((9, 9), dtype=bool), 5).all()


@settings(deadline=None)
@given(masks(least=90), masks(least=90))
def test_only_pieces_with_a_seed_stay(mask, seeds):
    """By brute force: flood the mask from the seeds, by sides, until nothing changes."""
    flood, before = mask & seeds, None
    cross = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], dtype=np.uint8)
    while before is None or (flood != before).any():
        before = flood
        flood = cv2.dilate(flood.astype(np.uint8), cross, borderValue=0).astype(bool) & mask
    assert np.array_equal(connected(mask, seeds), flood)


# --- feather ---------------------------------------------------------------------------------


@settings(deadline=None)
@given(masks(), st.integers(0, 40))
def test_the_soft_edge_lies_inside(mask, width):
    """0 outside; 1 or more inside; 255 farther in than the width."""
    soft = feather(mask, width)
    assert soft.dtype == np.uint8
    assert np.array_equal(soft > 0, mask)
    deep = mask & ~grow(~mask, width)
    assert (soft[deep] == 255).all()


@settings(deadline=None)
@given(masks(), st.integers(0, 20), st.integers(0, 20))
def test_a_wider_edge_is_nowhere_harder(mask, width, more):
    """Alpha falls, or stays, as the width grows."""
    assert (feather(mask, width) >= feather(mask, width + more)).all()


@pytest.mark.parametrize("width", [0, 1])
def test_no_width_is_a_hard_edge(width):
    """Widths of 0 and 1 leave no pixel between 0 and 255."""
    assert set(np.unique(feather(disc(50, 12), width))) == {0, 255}


def test_the_edge_rises_evenly():
    """A straight edge of width w rises by 255 / w a pixel."""
    mask = np.zeros((40, 40), dtype=bool)
    mask[:, 10:] = True
    soft = feather(mask, 10).astype(int)
    assert list(soft[20, 9:21]) == [0, 26, 51, 77, 102, 128, 153, 179, 204, 230, 255, 255]


def test_the_pictures_own_border_is_no_edge():
    """Where the picture cuts the garment off, the paint goes to the last pixel in full."""
    mask = np.zeros((60, 60), dtype=bool)
    mask[30:] = True
    soft = feather(mask, 10)
    assert (soft[45:] == 255).all()
    assert (feather(np.ones((60, 60), dtype=bool), 10) == 255).all()
