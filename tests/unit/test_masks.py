"""Masks: activations, claims, protection, and the gate."""

import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from shared.errors import MaskEmpty, MaskTooLarge
from shared.styles import Style
from worker.pixels.letterbox import Placement
from worker.pixels.masks import (
    LEAST_FOUND,
    FoundMask,
    area,
    claim_pixels,
    feather_px,
    found_mask,
    growth_px,
    probabilities,
    protect_pixels,
    refuse_empty,
    refuse_too_large,
)
from worker.pixels.shapes import clean, grow

SIZE = (300, 400)
SIDE = 64
INSIDE, OUTSIDE = 6.0, -6.0

chances = arrays.arrays(
    np.float32,
    st.tuples(st.integers(1, 5), st.integers(1, 12), st.integers(1, 12)),
    elements=st.floats(0, 1, width=32),
)
thresholds = st.floats(0.01, 0.99)


def style_of(**fields) -> Style:
    """A style with defaults for what a test does not speak of."""
    return Style(**({"mask": "the dress", "paint": "a red dress"} | fields))


def logits_of(*boxes: tuple[int, int, int, int], size: tuple[int, int] = SIZE) -> np.ndarray:
    """One map per prompt: claims inside a box of the picture (left, top, right, bottom)."""
    place = Placement.of(size, SIDE)
    maps = np.full((len(boxes), SIDE, SIDE), OUTSIDE, dtype=np.float32)
    for target, box in zip(maps, boxes, strict=True):
        left, top, right, bottom = (round(edge * SIDE / max(size)) for edge in box)
        rows = slice(place.top + top, place.top + bottom)
        target[rows, place.left + left : place.left + right] = INSIDE
    return maps


def find(logits: np.ndarray, style: Style, size: tuple[int, int] = SIZE) -> FoundMask:
    """The mask of a picture of that size."""
    return found_mask(logits, Placement.of(size, SIDE), size, style)


# --- activations -----------------------------------------------------------------------------


@given(st.floats(-200, 200, width=32))
def test_sigmoid_and_ndtr_are_exact(logit):
    """Both agree with their formulas in double precision to 1e-6, and never overflow."""
    logits = np.full((1, 1, 1), logit, dtype=np.float32)
    sigmoid = 1 / (1 + math.exp(-logit)) if logit > -700 else 0
    cdf = 0.5 * math.erfc(-logit / math.sqrt(2))
    assert abs(float(probabilities(logits, "sigmoid")[0, 0, 0]) - sigmoid) < 1e-6
    assert abs(float(probabilities(logits, "ndtr")[0, 0, 0]) - cdf) < 1e-6


@pytest.mark.parametrize("activation", ["sigmoid", "ndtr"])
def test_activations_take_half_precision_and_infinities(activation):
    """Segmenters in fp16 may saturate; 0 and 1 are what that means."""
    logits = np.array([[[-np.inf, 0, np.inf]]], dtype=np.float16)
    result = probabilities(logits, activation)
    assert result.dtype == np.float32
    assert result.ravel() == pytest.approx([0, 0.5, 1], abs=1e-6)


# --- claims ----------------------------------------------------------------------------------


@given(chances, thresholds, st.data())
def test_a_pixel_belongs_to_the_prompt_that_claims_it_most(maps, threshold, data):
    """Pixel by pixel: masked, protected, or nobody's; never both."""
    count = data.draw(st.integers(1, len(maps)))
    masked, guarded = (f(maps, count, threshold) for f in (claim_pixels, protect_pixels))
    for row, column in np.ndindex(masked.shape):
        wants = max(maps[:count, row, column])
        guards = max(maps[count:, row, column], default=0)
        assert masked[row, column] == (wants >= threshold and wants >= guards)
        assert guarded[row, column] == (guards >= threshold and guards > wants)
    assert not (masked & guarded).any()


@given(chances, thresholds, thresholds)
def test_a_higher_threshold_claims_no_more(maps, one, other):
    """claims(max) is in claims(min)."""
    low, high = sorted((one, other))
    assert not (claim_pixels(maps, 1, high) & ~claim_pixels(maps, 1, low)).any()


@given(chances, thresholds)
def test_another_mask_prompt_claims_no_less(maps, threshold):
    """The union of the mask prompts is repainted."""
    one = claim_pixels(maps[:1], 1, threshold)
    assert not (one & ~claim_pixels(maps, len(maps), threshold)).any()


# --- the whole way ---------------------------------------------------------------------------


def test_a_found_box_is_masked_where_it_is_and_a_little_beyond():
    """At the picture's size: all of the box, nothing farther than growth and a map's pixel."""
    found = find(logits_of((100, 100, 200, 300)), style_of())
    box = np.zeros(SIZE[::-1], dtype=bool)
    box[100:300, 100:200] = True
    reach = growth_px(style_of(), SIZE) + math.ceil(400 / SIDE)
    assert found.hard.shape == (400, 300)
    assert not (box[4:-4] & ~found.hard[4:-4]).any()
    assert not (found.hard & ~grow(box, reach)).any()
    assert found.chances.shape == (64, 48)
    assert found.chances.max() > 252


@settings(deadline=None)
@given(arrays.arrays(np.float32, (4, 16, 16), elements=st.floats(-4, 4, width=32)), thresholds)
def test_at_the_maps_own_size_the_mask_is_what_the_prompts_claim(logits, threshold):
    """Without growth, and cleaning apart, found_mask is claim_pixels and protect_pixels."""
    style = style_of(mask=["a", "b"], protect=["c", "d"], mask_growth=0, mask_threshold=threshold)
    found = found_mask(logits, Placement.of((16, 16), 16), (16, 16), style)
    maps = probabilities(logits, "sigmoid")
    assert np.array_equal(found.protected, protect_pixels(maps, 2, threshold))
    claimed = claim_pixels(maps, 2, threshold)
    assert np.array_equal(found.hard, clean(claimed) & ~found.protected)
    # Cutting the stored map at the threshold tells the same, but for the rounding of its levels.
    clear = np.abs(maps[:2].max(axis=0) - threshold) > 1 / 510
    assert np.array_equal((found.chances / 255 >= threshold)[clear], claimed[clear])


@settings(deadline=None, max_examples=40)
@given(
    logits=arrays.arrays(np.float32, (3, 16, 16), elements=st.floats(-4, 4, width=32)),
    growth=st.floats(0, 0.2),
    threshold=st.floats(0.1, 0.9),
)
def test_protected_pixels_stay_protected_whatever_the_growth(logits, growth, threshold):
    """No growth, hole filling or scaling lets the mask into what a protect prompt claims."""
    style = style_of(protect=["face", "hand"], mask_growth=growth, mask_threshold=threshold)
    found = found_mask(logits, Placement.of((90, 120), 16), (90, 120), style)
    assert not (found.hard & found.protected).any()
    assert np.array_equal(found.alpha(5) > 0, found.hard)


def test_a_hand_before_the_dress_is_a_hole_that_nobody_fills():
    """A protected spot smaller than any hole that cleaning fills is still not painted."""
    logits = logits_of((50, 50, 250, 350), (150, 200, 160, 206))
    logits[1][logits[1] > 0] = 9.0
    style = style_of(protect="hand", mask_growth=0.05)
    found = find(logits, style)
    assert found.protected.any()
    assert not found.hard[found.protected].any()
    assert found.hard[300, 100]


def test_growth_does_not_jump_over_what_is_protected():
    """Beyond a protected strap, thinner than the growth is wide, nothing is painted."""
    logits = logits_of((50, 200, 250, 380), (0, 185, 300, 200))
    found = find(logits, style_of(protect="strap", mask_growth=0.1))
    edge = np.flatnonzero(found.protected[:, 150])
    assert edge.size < growth_px(style_of(mask_growth=0.1), SIZE)
    assert found.hard[edge[-1] + 1, 150]
    assert not found.hard[: edge[0]].any()


def test_the_soft_edge_is_short_against_what_is_protected():
    """Around a hand no broad rim of the old garment may shine through."""
    logits = logits_of((50, 50, 250, 350), (50, 200, 250, 350))
    logits[1][logits[1] > 0] = 9.0
    found = find(logits, style_of(protect="hand"))
    column = found.alpha(20)[:, 150].astype(int)
    masked = np.flatnonzero(found.hard[:, 150])
    assert np.argmax(column[masked] == 255) >= 18, "towards the open side: the whole width"
    assert np.argmax(column[masked][::-1] == 255) <= 5, "towards the hand: a part of it"


@settings(deadline=None, max_examples=30)
@given(st.floats(0.05, 0.95), st.floats(0.05, 0.95))
def test_found_masks_grow_as_the_threshold_falls(one, other):
    """Over a smooth map without specks, a lower threshold never loses a pixel."""
    y, x = np.mgrid[:SIDE, :SIDE]
    hill = (5 - np.hypot(x - 30, y - 34) / 3).astype(np.float32)[None]
    low, high = sorted((one, other))
    less = find(hill, style_of(mask_threshold=high)).hard
    more = find(hill, style_of(mask_threshold=low)).hard
    assert not (less & ~more).any()


def test_a_speck_is_nothing_found():
    """Under the least area, before growth, the mask is empty: noise must not be grown."""
    logits = np.full((1, 352, 352), OUTSIDE, dtype=np.float32)
    logits[0, 100:103, 100:103] = INSIDE
    found = found_mask(logits, Placement.of((704, 704), 352), (704, 704), style_of())
    assert LEAST_FOUND > 9 / 352**2
    assert not found.hard.any()
    assert found.chances.max() > 252


def test_what_lies_in_the_bars_is_never_masked():
    """Claims on the letterbox's bars do not reach the picture."""
    size = (1600, 200)
    place = Placement.of(size, SIDE)
    logits = np.full((1, SIDE, SIDE), INSIDE, dtype=np.float32)
    logits[:, place.top : place.top + place.height] = OUTSIDE
    assert not find(logits, style_of(), size).hard.any()


def test_logits_that_are_no_numbers_mask_nothing():
    """NaN claims no pixel."""
    logits = np.full((2, SIDE, SIDE), np.nan, dtype=np.float32)
    found = find(logits, style_of(protect="face"))
    assert not found.hard.any()
    assert not found.chances.any()


# --- widths and the gate ---------------------------------------------------------------------


def test_growth_and_feather_are_fractions_of_the_longer_side():
    """The same style does the same to a picture and to its twin of twice the size."""
    style = style_of(mask_growth=0.01, mask_feather=0.005)
    assert (growth_px(style, (1000, 2000)), feather_px(style, (1000, 2000))) == (20, 10)
    assert (growth_px(style, (4000, 2000)), feather_px(style, (4000, 2000))) == (40, 20)


def test_an_empty_mask_is_refused_with_its_prompts():
    """mask_empty names what was looked for."""
    empty = np.zeros((50, 50), dtype=bool)
    with pytest.raises(MaskEmpty, match='"the coat", "the dress"'):
        refuse_empty(empty, style=style_of(mask=["the coat", "the dress"]), source="s3://shop/a")
    with pytest.raises(MaskEmpty, match="s3://shop/mask"):
        refuse_empty(
            empty.astype(np.uint8),
            style=style_of(),
            source="s3://shop/a",
            supplied="s3://shop/mask",
        )


def test_a_mask_over_most_of_the_picture_is_refused():
    """mask_too_large says how much it covers and what is allowed; the limit itself passes."""
    mask = np.zeros((10, 10), dtype=np.uint8)
    mask[:6] = 255
    assert area(mask) == 0.6
    refuse_too_large(mask, style=style_of(mask_max_area=0.6), source="s3://shop/a")
    with pytest.raises(MaskTooLarge, match=r"60% .* 50%"):
        refuse_too_large(mask, style=style_of(mask_max_area=0.5), source="s3://shop/a")


def test_garments_with_a_drawn_shape_come_back_with_it():
    """A trapezoid dress, coarse as a map is, has an IoU above 0.9 at full size."""
    truth = np.zeros((1200, 900), dtype=np.uint8)
    corners = np.array([[350, 300], [550, 300], [700, 1000], [200, 1000]])
    cv2.fillPoly(truth, [corners], 1)
    place = Placement.of((900, 1200), 128)
    small = cv2.resize(truth * 255, (place.width, place.height), interpolation=cv2.INTER_AREA)
    logits = np.full((1, 128, 128), OUTSIDE, dtype=np.float32)
    rows = slice(place.top, place.top + place.height)
    logits[0, rows, place.left : place.left + place.width] = (small / 255.0 - 0.5) * 12
    found = found_mask(logits, place, (900, 1200), style_of(mask_growth=0))
    both, either = found.hard & (truth > 0), found.hard | (truth > 0)
    assert both.sum() / either.sum() > 0.97
