"""The gate: what it measures of a mask, and that no complaint ever raises the score."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from shared.gate import FrozenMask
from shared.styles import Style
from worker.pixels.gate import border, margin, measured, pieces, score
from worker.pixels.masks import FoundMask, feather_px
from worker.pixels.repaint import Repaint
from worker.pixels.shapes import grow

SIDE = 40

masks = arrays.arrays(np.bool_, st.tuples(st.integers(1, 12), st.integers(1, 12)))
maps = arrays.arrays(np.uint8, st.tuples(st.integers(1, 8), st.integers(1, 8)))
thresholds = st.floats(0.05, 0.95)


def style_of(**fields) -> Style:
    """A style with defaults for what a test does not speak of."""
    return Style(**({"mask": "the dress", "paint": "a red dress"} | fields))


def square(left: int = 10, top: int = 10, side: int = 20) -> np.ndarray:
    """A mask of one square, in a picture of 40 x 40."""
    mask = np.zeros((SIDE, SIDE), dtype=bool)
    mask[top : top + side, left : left + side] = True
    return mask


def sure(mask: np.ndarray, inside: int = 255, outside: int = 0) -> np.ndarray:
    """The map that such a mask was found in."""
    return np.where(mask, np.uint8(inside), np.uint8(outside))


# --- the measures ----------------------------------------------------------------------------


@given(maps, thresholds, st.integers(1, 255))
def test_the_margin_is_a_fraction_and_rises_with_each_pixel_that_is_surer(
    chances, threshold, levels
):
    """A masked pixel that is more certain, or an unmasked one that is less, never lowers it."""
    before = margin(chances, threshold)
    assert 0 <= before <= 1
    for place in np.ndindex(chances.shape):
        masked = chances[place] / 255 >= threshold
        surer = chances.astype(int)
        surer[place] += levels if masked else -levels
        assert margin(surer.clip(0, 255).astype(np.uint8), threshold) >= before - 1e-9


@pytest.mark.parametrize(
    ("inside", "outside", "expected"),
    [(255, 0, 1), (255, 60, 1), (191, 0, 0.5), (128, 0, 0), (255, 127, 0.25), (0, 0, 0)],
)
def test_the_margin_has_plain_values_for_plain_maps(inside, outside, expected):
    """Certain: 1; half-way to certain: a half; at the threshold, or three times as large: less."""
    chances = sure(square(), inside, outside)
    assert margin(chances, 0.5) == pytest.approx(expected, abs=0.01)


@given(masks)
def test_pieces_are_what_touches_by_no_corner(mask):
    """One more than growth joins: each piece, flooded from a seed, empties the mask once."""
    left, count = mask.copy(), 0
    while left.any():
        piece = np.zeros_like(left)
        piece[tuple(np.argwhere(left)[0])] = True
        while True:
            # A radius of 1.5 px reaches the corners and nothing beyond.
            wider = _neighbours(piece) & left
            if np.array_equal(wider, piece):
                break
            piece = wider
        left &= ~piece
        count += 1
    assert pieces(mask) == count


def _neighbours(mask: np.ndarray) -> np.ndarray:
    padded = np.pad(mask, 1)
    height, width = mask.shape
    shifts = [(down, right) for down in range(3) for right in range(3)]
    views = [padded[down : down + height, right : right + width] for down, right in shifts]
    return np.logical_or.reduce(views)


@given(masks)
def test_the_border_is_the_share_of_the_outermost_pixels(mask):
    """Counted one by one, corners once."""
    height, width = mask.shape
    rim = [
        mask[row, column]
        for row in range(height)
        for column in range(width)
        if row in {0, height - 1} or column in {0, width - 1}
    ]
    if min(mask.shape) > 1:
        assert border(mask) == pytest.approx(np.mean(rim))
    assert 0 <= border(mask) <= 1


# --- the score -------------------------------------------------------------------------------


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_the_score_falls_with_the_strain(one, other):
    """From 1 towards 0; 0.5 is a measure at its limit."""
    less, more = sorted((one, other))
    assert 0 < score(more) <= score(less) <= 1
    assert (score(0.0), score(1.0), score(float("inf"))) == (1, 0.5, 0)


@settings(deadline=None, max_examples=60)
@given(
    left=st.integers(0, 30),
    side=st.integers(1, 10),
    growth=st.integers(0, 40),
    limits=st.fixed_dictionaries(
        {
            "mask_max_area": st.floats(0.01, 1),
            "mask_min_area": st.floats(0, 0.2),
            "gate_margin": st.floats(0, 1),
            "gate_pieces": st.integers(1, 3),
            "gate_border": st.floats(0, 1),
        }
    ),
    inside=st.integers(128, 255),
)
def test_a_reason_stands_exactly_where_a_limit_is_passed(left, side, growth, limits, inside):
    """Each reason is its measure's comparison, and any of them brings the score under 0.5."""
    mask = grow(square(left, left, side), growth)
    gate = measured(mask, sure(mask, inside), style_of(**limits))
    passed = {
        "too_large": gate.coverage > limits["mask_max_area"],
        "too_small": gate.coverage < limits["mask_min_area"],
        "uncertain": gate.margin < limits["gate_margin"],
        "scattered": gate.pieces > limits["gate_pieces"],
        "at_border": gate.border > limits["gate_border"],
    }
    assert set(gate.reasons) == {reason for reason, true in passed.items() if true}
    assert gate.score <= 0.5 if gate.reasons else gate.score >= 0.5


def test_no_complaint_raises_the_score():
    """Larger, smaller, less certain, in more pieces, more at the border: each lowers it or not."""
    style = style_of()
    whole = measured(square(), sure(square()), style).score

    def scored(mask, inside=255):
        return measured(mask, sure(mask, inside), style).score

    worse = {
        "larger": [scored(square(2, 2, side)) for side in (24, 30, 36)],
        "smaller": [scored(square(10, 10, side)) for side in (3, 2, 1)],
        "unsure": [scored(square(), level) for level in (150, 140, 131)],
        "pieces": [scored(square() | _dots(count)) for count in (4, 8, 16)],
        "border": [scored(square(0, 0, side)) for side in (25, 30, 35)],
    }
    for name, scores in worse.items():
        assert scores == sorted(scores, reverse=True), name
        assert scores[-1] < 0.5 < whole, name


def _dots(count: int) -> np.ndarray:
    mask = np.zeros((SIDE, SIDE), dtype=bool)
    mask[2, 2 : 2 + 2 * count : 2] = True
    return mask


# --- what is ordinary ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("box", "reasons"),
    [
        ((300, 500, 600, 1200), ()),  # a dress that the lower border cuts
        ((0, 760, 900, 1200), ()),  # a skirt from side to side, cut below
        ((0, 600, 900, 1200), ("at_border",)),  # half the picture
        ((0, 0, 900, 500), ("at_border",)),  # the wall above
        ((0, 0, 450, 1200), ("at_border",)),  # the wall beside
        ((0, 0, 900, 1200), ("too_large", "at_border")),
        ((440, 600, 455, 640), ("too_small",)),  # a button
    ],
)
def test_a_garment_cut_by_the_border_is_ordinary_and_a_wall_is_not(box, reasons):
    """The default ranges, on a portrait of 900 x 1200."""
    left, top, right, bottom = box
    mask = np.zeros((1200, 900), dtype=bool)
    mask[top:bottom, left:right] = True
    assert measured(mask, sure(mask), style_of()).reasons == reasons


@pytest.mark.parametrize(("inside", "outside", "held"), [(255, 0, False), (140, 120, True)])
def test_a_map_that_never_decides_is_uncertain(inside, outside, held):
    """Probabilities of 0.55 in a picture of 0.47: another threshold would mask something else."""
    mask = square()
    gate = measured(mask, sure(mask, inside, outside), style_of())
    assert ("uncertain" in gate.reasons) is held


# --- who waits -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "waiting"),
    [("auto", (False, True)), ("hold", (True, True)), ("off", (False, False))],
)
def test_the_styles_policy_says_which_masks_wait(policy, waiting):
    """`auto` those out of range, `hold` all, `off` none; supplied and approved ones never."""
    style = style_of(gate=policy)
    good, bad = square(), np.ones((SIDE, SIDE), dtype=bool)

    def repaint(mask, **fields):
        gate = measured(mask, sure(mask), style)
        return Repaint(mask, mask * np.uint8(255), gate=gate, **fields)

    approved = FrozenMask(address="s3://shop/a.png", sha256="0" * 64)
    assert tuple(repaint(mask).waits(style) for mask in (good, bad)) == waiting
    assert not repaint(bad, frozen=approved).waits(style)
    assert not Repaint.supplied(bad * np.uint8(255), "etag").waits(style)


@given(st.floats(0, 0.2))
def test_an_approved_mask_keeps_its_edge_and_a_hard_one_gets_one(width):
    """Soft: as it was approved. Hard, as it lies beside a result: the style's, inside it."""
    style, frozen = style_of(mask_feather=width), FrozenMask(address="s3://a/b", sha256="0" * 64)
    hard = square()
    found = FoundMask(hard, np.zeros_like(hard), sure(hard))
    soft = found.alpha(feather_px(style, (SIDE, SIDE)))
    for alpha in (soft, hard * np.uint8(255)):
        repaint = Repaint.approved(alpha, None, style, frozen)
        assert np.array_equal(repaint.alpha, soft)
        assert np.array_equal(repaint.hard, hard)
