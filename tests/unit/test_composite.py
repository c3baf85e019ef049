"""Composite: squares out of a picture and back into it, and the source's pixels around them."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import KeptPixelsChanged
from tests.scenes import WORKING_SIZES, box_mask, scenes
from worker.pixels.composite import check_kept, cut, cut_mask, largest_difference_outside, paste
from worker.pixels.crops import Crop, CropPlan, crop_around, plan_crops
from worker.pixels.scaling import scale
from worker.pixels.shapes import bounding_box, feather

# --- cutting ---------------------------------------------------------------------------------


def test_a_square_of_the_painters_size_is_cut_bit_for_bit():
    """No scaling, no change; and the source cannot be changed through it."""
    rgb = np.random.default_rng(0).integers(0, 256, (300, 300, 3), dtype=np.uint8)
    square = cut(rgb, Crop(100, 50, 128), 128)
    assert np.array_equal(square, rgb[50:178, 100:228])
    assert not np.shares_memory(square, rgb)
    assert square.flags.writeable


def test_what_sticks_out_is_mirrored():
    """Row -k shows row k: the border is not repeated, nothing is stretched."""
    rgb = np.random.default_rng(0).integers(0, 256, (64, 128, 3), dtype=np.uint8)
    square = cut(rgb, Crop(0, -32, 128), 128)
    assert np.array_equal(square[32:96], rgb)
    assert np.array_equal(square[31], rgb[1])
    assert np.array_equal(square[96], rgb[-2])


def test_a_thin_banner_is_mirrored_as_often_as_it_takes():
    """200 px of picture fill a square of 1600."""
    rgb = np.full((200, 1600, 3), (10, 200, 30), dtype=np.uint8)
    square = cut(rgb, Crop(0, -700, 1600), 64)
    assert square.shape == (64, 64, 3)
    assert (square == (10, 200, 30)).all()


def test_circles_stay_round_in_the_square():
    """Equal scale on both axes, also where the square sticks out."""
    y, x = np.mgrid[:200, :1600]
    disc = ((x - 800) ** 2 + (y - 100) ** 2 <= 90**2) * np.uint8(255)
    square = cut(np.dstack([disc] * 3), Crop(650, -50, 300), 150)[..., 0] > 127
    rows, columns = bounding_box(square[25:125])
    assert rows.stop - rows.start == columns.stop - columns.start == 90


@settings(deadline=None, max_examples=50)
@given(scenes(), WORKING_SIZES)
def test_every_masked_pixel_is_repainted(scene, working_size):
    """A masked pixel of the source overlaps no pixel of the square but repainted ones."""
    mask = scene[1]
    crop = crop_around(mask, working_size)
    square = cut_mask(mask, crop, working_size)
    assert set(np.unique(square)) <= {0, 255}
    rows, columns = np.nonzero(mask)
    for first in (0, 1):  # the first and the last of the square's pixels that it overlaps
        y = ((rows - crop.top + first) * working_size - first) // crop.side
        x = ((columns - crop.left + first) * working_size - first) // crop.side
        assert (square[y, x] == 255).all()
    # Nothing more: each repainted pixel overlaps a masked one (or its mirror image).
    if crop.left >= 0 and crop.top >= 0:
        assert square.astype(bool).sum() <= mask.sum() * (working_size / crop.side + 2) ** 2


def test_a_single_masked_pixel_survives_any_reduction():
    """One pixel of 3000 is one pixel of 64."""
    mask = np.zeros((3000, 3000), dtype=bool)
    mask[1234, 2345] = True
    square = cut_mask(mask, Crop(0, 0, 3000), 64)
    assert np.argwhere(square).tolist() == [[1234 * 64 // 3000, 2345 * 64 // 3000]]


def test_the_mirror_image_of_a_masked_garment_is_repainted_too():
    """Otherwise the painter would take the old garment's colours from it."""
    mask = np.zeros((64, 128), dtype=bool)
    mask[:10, 50:60] = True
    square = cut_mask(mask, Crop(0, -32, 128), 128)
    assert (square[23:42, 50:60] == 255).all()


def square_at_full_size(pixels, crop):
    """What a crop shows, with all that is mirrored."""
    height, width = pixels.shape[:2]
    rows, columns = crop.visible((width, height))
    above, left = rows.start - crop.top, columns.start - crop.left
    below = crop.top + crop.side - rows.stop
    right = crop.left + crop.side - columns.stop
    around = [(above, below), (left, right), (0, 0)][: pixels.ndim]
    return np.pad(pixels[rows, columns], around, mode="reflect")


@settings(deadline=None, max_examples=50)
@given(scenes(), WORKING_SIZES)
def test_a_square_is_what_it_would_be_at_full_size(scene, working_size):
    """Mirrored late or early is a level at most, and none within the picture or in the mask."""
    rgb, mask = scene
    crop = crop_around(mask, working_size)
    whole = scale(square_at_full_size(rgb, crop), (working_size, working_size))
    height, width = mask.shape
    inside = 0 <= crop.left <= width - crop.side and 0 <= crop.top <= height - crop.side
    away = np.abs(cut(rgb, crop, working_size).astype(int) - whole).max()
    assert away <= (0 if inside else 1)
    early = Crop(0, 0, crop.side)
    masked = cut_mask(square_at_full_size(mask, crop), early, working_size)
    assert np.array_equal(cut_mask(mask, crop, working_size), masked)


def peak_bytes(act):
    """The most memory that an act held at a time."""
    tracemalloc.start()
    act()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


@pytest.mark.parametrize("shape", [(512, 4_096), (4_096, 512)])
def test_a_long_garment_takes_memory_by_pixels(shape):
    """A square of the longer side is eight times such a picture; nothing of that size is made."""
    rgb = np.zeros((*shape, 3), dtype=np.uint8)
    alpha = np.full(shape, 255, dtype=np.uint8)
    plan = plan_crops(alpha, 128)
    (crop,) = plan.crops
    assert crop.side == 4_096
    assert peak_bytes(lambda: cut(rgb, crop, 128)) < rgb.nbytes
    assert peak_bytes(lambda: cut_mask(alpha, crop, 128)) < rgb.nbytes
    painted = [np.zeros((128, 128, 3), dtype=np.uint8)]
    # The result is as large as the picture itself.
    assert peak_bytes(lambda: paste(rgb, painted, plan, alpha)) < 3 * rgb.nbytes


# --- pasting ---------------------------------------------------------------------------------


@settings(deadline=None, max_examples=50)
@given(scenes(), WORKING_SIZES, st.integers(0, 12))
def test_no_pixel_outside_the_mask_changes(scene, working_size, width):
    """Byte for byte the source, for any shape, aspect ratio and feather; the source stays."""
    rgb, mask = scene
    before, alpha = rgb.copy(), feather(mask, width)
    plan = plan_crops(mask, working_size)
    painted = [255 - cut(rgb, crop, working_size) for crop in plan.crops]
    result = paste(rgb, painted, plan, alpha)
    assert np.array_equal(result[~mask], rgb[~mask])
    assert largest_difference_outside(rgb, result, alpha) == 0
    assert np.array_equal(rgb, before)
    assert result.shape == rgb.shape


@settings(deadline=None, max_examples=50)
@given(scenes(), WORKING_SIZES)
def test_every_pixel_deep_inside_is_the_painters(scene, working_size):
    """Painted in one colour, the mask is of that colour; nothing of the old garment is left."""
    rgb, mask = scene
    plan = plan_crops(mask, working_size)
    painted = np.full((working_size, working_size, 3), (200, 10, 90), dtype=np.uint8)
    result = paste(rgb, [painted] * len(plan.crops), plan, feather(mask, 0))
    assert (result[mask] == (200, 10, 90)).all()


@settings(deadline=None, max_examples=50)
@given(scenes(), WORKING_SIZES, st.integers(2, 12))
def test_soft_edges_lie_between_source_and_paint(scene, working_size, width):
    """Each channel is a weighted mean, to the nearest level."""
    rgb, mask = scene
    plan, alpha = plan_crops(mask, working_size), feather(mask, width)
    painted = np.full((working_size, working_size, 3), 240, dtype=np.uint8)
    result = paste(rgb, [painted] * len(plan.crops), plan, alpha)
    weight = alpha[..., None] / 255
    assert np.abs(result - (rgb * (1 - weight) + 240 * weight)).max() <= 0.5 + 1e-9


@settings(deadline=None, max_examples=50)
@given(scenes(), WORKING_SIZES, st.integers(0, 12), st.randoms())
def test_the_order_of_pasting_does_not_matter(scene, working_size, width, order):
    """Each pixel takes its paint from its own crop only, in whatever order they are laid."""
    rgb, mask = scene
    plan, alpha = plan_crops(mask, working_size), feather(mask, width)
    shape = (working_size, working_size, 3)
    painted = [np.full(shape, 60 * number, dtype=np.uint8) for number in range(len(plan.crops))]
    places = list(range(len(plan.crops)))
    order.shuffle(places)
    numbers = np.zeros(5, dtype=np.uint8)
    numbers[[place + 1 for place in places]] = range(1, len(places) + 1)
    shuffled = CropPlan(tuple(plan.crops[place] for place in places), numbers[plan.owner])
    again = paste(rgb, [painted[place] for place in places], shuffled, alpha)
    assert np.array_equal(paste(rgb, painted, plan, alpha), again)


def test_a_square_that_went_there_and_back_lands_where_it_was():
    """cut, then paste without painting: the picture is as good as unchanged and not shifted."""
    y, x = np.mgrid[:400, :300]
    smooth = np.dstack([x * 255 // 300, y * 255 // 400, (x + y) * 255 // 700]).astype(np.uint8)
    mask = box_mask((300, 400), (60, 40, 240, 360))
    plan = plan_crops(mask, 256)
    result = paste(smooth, [cut(smooth, plan.crops[0], 256)], plan, feather(mask, 0))
    assert np.abs(result.astype(int) - smooth).max() <= 3


def test_alpha_outside_of_the_square_paints_nothing():
    """There is no paint out there."""
    rgb = np.zeros((200, 200, 3), dtype=np.uint8)
    painted = np.full((64, 64, 3), 255, dtype=np.uint8)
    alpha = np.full((200, 200), 255, dtype=np.uint8)
    result = paste(rgb, [painted], CropPlan((Crop(0, 0, 64),), alpha), alpha)
    assert (result[:64, :64] == 255).all()
    assert not result[64:].any()
    assert not result[:, 64:].any()


def test_an_empty_alpha_gives_the_source_in_a_new_array():
    """Nothing to blend."""
    rgb = np.full((64, 64, 3), 7, dtype=np.uint8)
    painted = np.zeros((64, 64, 3), dtype=np.uint8)
    alpha = np.zeros((64, 64), dtype=np.uint8)
    result = paste(rgb, [painted], CropPlan((Crop(0, 0, 64),), alpha), alpha)
    assert np.array_equal(result, rgb)
    assert not np.shares_memory(result, rgb)


def test_sources_may_be_read_only():
    """Decoded pictures are; nobody needs to copy them first."""
    rgb = np.full((64, 64, 3), 7, dtype=np.uint8)
    rgb.flags.writeable = False
    alpha = np.full((64, 64), 255, dtype=np.uint8)
    painted = np.full((64, 64, 3), 99, dtype=np.uint8)
    assert (paste(rgb, [painted], CropPlan((Crop(0, 0, 64),), alpha), alpha) == 99).all()


# --- the proof -------------------------------------------------------------------------------


@given(st.integers(0, 599), st.integers(0, 63), st.integers(1, 200))
def test_the_largest_difference_is_found_wherever_it_is(row, column, difference):
    """One channel of one unpainted pixel is enough; painted pixels do not count."""
    source = np.full((600, 64, 3), 50, dtype=np.uint8)
    result, alpha = source.copy(), np.zeros((600, 64), dtype=np.uint8)
    result[row, column, 1] += difference
    assert largest_difference_outside(source, result, alpha) == difference
    alpha[row, column] = 1
    assert largest_difference_outside(source, result, alpha) == 0


def test_pictures_of_different_sizes_prove_nothing():
    """A proof over the wrong arrays is an error, not a zero."""
    rgb, alpha = np.zeros((64, 64, 3), dtype=np.uint8), np.zeros((64, 64), dtype=np.uint8)
    with pytest.raises(ValueError, match="differ"):
        largest_difference_outside(rgb, rgb[:63], alpha)
    with pytest.raises(ValueError, match="differ"):
        largest_difference_outside(rgb, rgb, alpha[:63])


def test_a_result_that_changed_a_kept_pixel_is_refused():
    """One level in one channel of one pixel outside the mask is enough."""
    source = np.zeros((4, 4, 3), np.uint8)
    result, alpha = source.copy(), np.zeros((4, 4), np.uint8)
    assert check_kept(source, result, alpha, name="s3://shop/a.png") == 0
    result[2, 1, 0] = 1
    with pytest.raises(KeptPixelsChanged, match=r"s3://shop/a\.png"):
        check_kept(source, result, alpha, name="s3://shop/a.png")
