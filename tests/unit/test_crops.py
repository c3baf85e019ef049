"""Crops: squares around what is painted, and which garments share one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.scenes import WORKING_SIZES, box_mask, scenes
from worker.pixels.crops import (
    CONTEXT,
    MAX_CROPS,
    MAX_MAGNIFICATION,
    Crop,
    crop_around,
    plan_crops,
)
from worker.pixels.masks import area

# --- the square ------------------------------------------------------------------------------


@settings(deadline=None, max_examples=50)
@given(scenes(), WORKING_SIZES)
def test_the_square_holds_the_whole_mask(scene, working_size):
    """Every masked pixel lies in what the square shows of the picture."""
    mask = scene[1]
    crop = crop_around(mask, working_size)
    height, width = mask.shape
    assert mask[crop.visible((width, height))].sum() == mask.sum()
    assert crop.side <= max(width, height)


@settings(deadline=None, max_examples=50)
@given(scenes(), WORKING_SIZES)
def test_the_square_sticks_out_only_where_the_picture_is_shorter(scene, working_size):
    """Along a side that is long enough it lies inside; along a shorter one it covers all of it."""
    mask = scene[1]
    crop = crop_around(mask, working_size)
    for start, length in zip((crop.top, crop.left), mask.shape, strict=True):
        if crop.side <= length:
            assert 0 <= start <= length - crop.side
        else:
            assert start <= 0
            assert start + crop.side >= length
            assert abs(-start - (start + crop.side - length)) <= 1, "as much on both sides"


def test_the_square_has_context_around_the_mask():
    """One and a half times the longer side, centred on the mask."""
    crop = crop_around(box_mask((2000, 3000), (800, 1000, 1200, 2000)), 512)
    assert crop == Crop(left=250, top=750, side=round(1000 * CONTEXT))


def test_the_square_is_shifted_into_the_picture():
    """A mask in a corner has its context on the other sides."""
    crop = crop_around(box_mask((2000, 3000), (1600, 2600, 2000, 3000)), 512)
    assert crop == Crop(left=1400, top=2400, side=600)


def test_a_small_garment_is_not_magnified_out_of_proportion():
    """The painter sees it among its surroundings, at twice its size at most."""
    crop = crop_around(box_mask((2000, 3000), (990, 990, 1010, 1010)), 512)
    assert crop.side == 512 // MAX_MAGNIFICATION


def test_real_pixels_go_before_mirrored_context():
    """A long dress in a portrait: the square narrows to the picture before it sticks out."""
    assert crop_around(box_mask((2000, 3000), (600, 700, 1400, 2400)), 512).side == 2000
    tall = crop_around(box_mask((2000, 3000), (600, 100, 1400, 2700)), 512)
    assert (tall.left, tall.side) == (-495, 2990)


def test_a_mask_over_the_whole_of_a_banner_takes_its_longer_side():
    """The square is the banner's length, the banner in its middle."""
    assert crop_around(np.ones((200, 1600), dtype=bool), 512) == Crop(0, -700, 1600)


def test_an_empty_mask_has_no_square():
    """The gate comes first."""
    with pytest.raises(ValueError, match="empty"):
        crop_around(np.zeros((64, 64), dtype=bool), 512)


# --- several squares -------------------------------------------------------------------------

#: A studio picture, and the size that a painter works at.
STUDIO, WORKING_SIZE = (2000, 3000), 512
DRESS = (600, 700, 1400, 2100)
BAG = (1650, 1500, 1900, 1800)
LEFT_SHOE, RIGHT_SHOE = (700, 2750, 850, 2850), (1000, 2750, 1150, 2850)


def masked(*boxes, size=STUDIO):
    """A mask of boxes."""
    return np.logical_or.reduce([box_mask(size, box) for box in boxes])


@st.composite
def speckled(draw) -> np.ndarray:
    """A mask of many pieces, strewn over a picture of up to 8 to 1."""
    width, height = draw(st.sampled_from([(1600, 1600), (200, 1600), (1600, 200), (900, 1200)]))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    mask = np.zeros((height, width), dtype=bool)
    for _ in range(draw(st.integers(1, 60))):
        top, left = rng.integers(0, height), rng.integers(0, width)
        tall, wide = rng.integers(1, 80, 2)
        mask[top : top + tall, left : left + wide] = True
    return mask


@settings(deadline=None, max_examples=60)
@given(st.one_of(speckled(), scenes().map(lambda scene: scene[1])), WORKING_SIZES)
def test_every_masked_pixel_belongs_to_one_crop_that_shows_it(mask, working_size):
    """None is lost, none is painted twice, none is made up; each crop has pixels of its own."""
    plan = plan_crops(mask, working_size)
    assert np.array_equal(plan.owner > 0, mask)
    assert 1 <= len(plan.crops) <= MAX_CROPS
    assert set(np.unique(plan.owner[mask])) == set(range(1, len(plan.crops) + 1))
    for number, crop in enumerate(plan.crops, start=1):
        own = plan.owner == number
        assert crop == crop_around(own, working_size)
        assert own[crop.visible(mask.shape[::-1])].sum() == own.sum()


@settings(deadline=None, max_examples=40)
@given(speckled(), WORKING_SIZES)
def test_the_soft_masks_of_all_crops_add_up_to_the_whole(mask, working_size):
    """Nothing is blended twice."""
    alpha = mask * np.uint8(200)
    plan = plan_crops(mask, working_size)
    own = [plan.own(alpha, number) for number in range(1, len(plan.crops) + 1)]
    assert np.array_equal(np.sum(own, axis=0, dtype=np.uint8), alpha)


def test_one_big_garment_is_one_crop():
    """As large as it takes."""
    mask = masked(DRESS)
    assert plan_crops(mask, WORKING_SIZE).crops == (crop_around(mask, WORKING_SIZE),)


def test_small_garments_far_apart_are_painted_at_full_resolution():
    """Shoes and a bag: no square is larger than what the painter works on."""
    plan = plan_crops(masked(BAG, (700, 2750, 1000, 2850)), WORKING_SIZE)
    assert [crop.side <= WORKING_SIZE for crop in plan.crops] == [True, True]
    assert crop_around(plan.owner, WORKING_SIZE).side > 2 * WORKING_SIZE


def test_the_largest_garment_comes_first():
    """It has the variant's own seed, whatever else is painted beside it."""
    plan = plan_crops(masked(RIGHT_SHOE, DRESS), WORKING_SIZE)
    assert len(plan.crops) == 2
    assert plan.owner[1400, 1000] == 1
    assert plan.owner[2800, 1100] == 2


def test_a_pair_shares_a_square():
    """Two shoes painted apart would be two shoes of different pairs."""
    assert len(plan_crops(masked(LEFT_SHOE, RIGHT_SHOE), WORKING_SIZE).crops) == 1


def test_a_garment_behind_an_arm_stays_one():
    """Two paintings of one cloth would not match at all."""
    assert len(plan_crops(masked((600, 700, 1400, 1500), (600, 1600, 1400, 2100)), 512).crops) == 1
    sliver = masked(DRESS, (1500, 1200, 1540, 1400))
    assert len(plan_crops(sliver, WORKING_SIZE).crops) == 1


def test_garments_share_a_square_that_costs_no_resolution():
    """A small picture is painted in one call."""
    mask = masked((50, 50, 100, 100), (350, 350, 400, 400), size=(450, 450))
    assert len(plan_crops(mask, WORKING_SIZE).crops) == 1


def test_of_too_many_garments_the_nearest_share():
    """A rail of many small things takes no more squares than the most, near neighbours in one."""
    boxes = [(left, 1000, left + 60, 1060) for left in (0, 180, 1500, 3000, 4500, 5940)]
    plan = plan_crops(masked(*boxes, size=(6000, 2000)), 64)
    assert len(plan.crops) == MAX_CROPS
    assert plan.owner[1030, 30] == plan.owner[1030, 200]


@pytest.mark.parametrize("size", [(4000, 500), (500, 4000)])
def test_two_people_in_a_banner_are_painted_without_mirrored_pixels(size):
    """At 8 to 1 a square around both would be seven eighths of mirror images."""
    boxes = [(100, 100, 400, 400), (size[0] - 400, size[1] - 400, size[0] - 100, size[1] - 100)]
    mask = masked(*boxes, size=size)
    plan = plan_crops(mask, WORKING_SIZE)
    assert [crop.side for crop in plan.crops] == [450, 450]
    assert area(plan.owner) == area(mask)
    whole = crop_around(mask, WORKING_SIZE)
    assert whole.side == 4000


@pytest.mark.parametrize("size", [(1600, 200), (200, 1600)])
def test_a_garment_over_a_whole_banner_stays_one_crop(size):
    """One cloth, one painting: the square sticks out rather than be cut into tiles."""
    plan = plan_crops(np.ones(size[::-1], dtype=bool), 128)
    assert [crop.side for crop in plan.crops] == [1600]


def test_masks_of_dust_are_planned_like_any_other():
    """A supplied mask may have a hundred thousand pieces."""
    mask = np.random.default_rng(0).random((1000, 1000)) > 0.9
    assert np.array_equal(plan_crops(mask, 64).owner > 0, mask)


def test_an_empty_mask_has_no_plan():
    """The gate comes first."""
    with pytest.raises(ValueError, match="empty"):
        plan_crops(np.zeros((64, 64), dtype=bool), WORKING_SIZE)
