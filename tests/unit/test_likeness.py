"""Likeness of two pictures: every figure against its definition, and where a verdict turns."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from producer.likeness import BAND_ROWS, Verdict, likeness, mask_likeness, worst
from producer.pictures import samples
from shared.errors import ImageEmpty, ImageTooLarge, ImageTruncated
from tests.pictures import file_of, photo

shapes = st.tuples(st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 3, 4]))
pairs = shapes.flatmap(lambda shape: st.tuples(arrays(np.uint8, shape), arrays(np.uint8, shape)))


@given(pair=pairs, tolerance=st.integers(0, 255))
def test_every_figure_is_what_its_definition_says(pair, tolerance):
    """Largest, mean, share of pixels and PSNR equal those of plain numpy in float64."""
    then, now = pair
    like = likeness(then, now, tolerance)
    difference = np.abs(then.astype(float) - now)
    assert like.largest == difference.max()
    assert like.mean == pytest.approx(difference.mean())
    assert like.over == pytest.approx((difference.max(axis=2) > tolerance).mean())
    square = (difference**2).mean()
    expected = pytest.approx(10 * np.log10(255**2 / square)) if square else None
    assert like.psnr == expected
    assert likeness(now, then, tolerance) == like


@pytest.mark.parametrize(
    ("step", "verdict"),
    [(0, Verdict.EQUAL), (1, Verdict.WITHIN), (2, Verdict.WITHIN), (3, Verdict.DIFFERENT)],
)
def test_the_verdict_turns_at_the_tolerance(step, verdict):
    """One sample of a picture of several bands decides: at 2 levels within, at 3 no more."""
    then = np.full((2 * BAND_ROWS + 5, 4, 3), 100, np.uint8)
    now = then.copy()
    now[-1, 2, 1] += step
    assert likeness(then, now, 2).verdict is verdict


def test_pictures_that_cannot_be_laid_over_one_another_are_different():
    """Another size, or transparency in one of them, says so and never raises."""
    picture = np.zeros((4, 5, 3), np.uint8)
    for other in (np.zeros((5, 4, 3), np.uint8), np.zeros((4, 5, 4), np.uint8)):
        like = likeness(picture, other, 255)
        assert like.verdict is Verdict.DIFFERENT
        assert "5 x 4 px of 3 channels then" in like.mismatch
    assert mask_likeness(picture[..., :1], picture[:3, :, :1]).verdict is Verdict.DIFFERENT


@given(pair=arrays(np.uint8, (2, 6, 7, 1), elements=st.sampled_from([0, 90, 255])))
def test_masks_overlap_as_sets_do(pair):
    """Intersection over union of what may change; two black masks are equal."""
    then, now = pair
    ours, theirs = set(np.flatnonzero(then)), set(np.flatnonzero(now))
    like = mask_likeness(then, now)
    assert like.overlap == (len(ours & theirs) / len(ours | theirs) if ours | theirs else 1)
    assert (like.verdict is Verdict.EQUAL) == np.array_equal(then, now)


def test_a_flipped_pixel_of_a_large_mask_is_within_and_a_shifted_mask_is_not():
    """Rounding at the edge is tolerated, another mask is not."""
    then = np.zeros((100, 100, 1), np.uint8)
    then[20:80, 20:80] = 255
    flipped = then.copy()
    flipped[20, 20] = 0
    assert mask_likeness(then, flipped).verdict is Verdict.WITHIN
    assert mask_likeness(then, np.roll(then, 1, axis=0)).verdict is Verdict.DIFFERENT


@given(st.lists(st.sampled_from(Verdict), min_size=1))
def test_the_worst_part_decides_on_the_whole(verdicts):
    """Different beats within, within beats equal."""
    for verdict in (Verdict.DIFFERENT, Verdict.WITHIN, Verdict.EQUAL):
        if verdict in verdicts:
            assert worst(iter(verdicts)) is verdict
            return


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("container", ["PNG", "WEBP"])
def test_samples_are_those_of_the_file(container, channels):
    """Lossless files give back every sample, what lies under full transparency included."""
    picture = photo(channels=channels)
    options = {"lossless": True, "exact": True} if container == "WEBP" else {}
    body = file_of(Image.fromarray(picture), container, **options)
    assert np.array_equal(samples(body, "s3://shop/1", 10_000), picture)


def test_a_mask_of_one_bit_has_levels_of_0_and_255():
    """Hard masks are stored so."""
    mask = Image.fromarray(photo()[..., 0]).convert("1")
    found = samples(file_of(mask, "PNG"), "s3://shop/1", 10_000)
    assert found.shape == (80, 96, 1)
    assert set(np.unique(found)) == {0, 255}


def test_samples_of_too_large_or_broken_files_are_refused_by_name():
    """The limit on pixels holds before decoding; broken bytes are called what they are."""
    body = file_of(Image.fromarray(photo()), "PNG")
    with pytest.raises(ImageTooLarge):
        samples(body, "s3://shop/1", 96 * 80 - 1)
    broken = {b"": ImageEmpty, body[:200]: ImageTruncated, b"GIF89a": ImageTruncated}
    for content, error in broken.items():
        with pytest.raises(error, match="s3://shop/1"):
            samples(content, "s3://shop/1", 10_000)


def test_an_encoders_own_error_is_allowed_to_few_pixels_only():
    """One pixel of a lossy file may be as far off as its encoder is; a whole area may not."""
    then = photo()
    spot, area = then.copy(), then.copy()
    spot[3, 4] ^= 8
    area[:40] ^= 8
    assert likeness(then, spot, 2).verdict is Verdict.DIFFERENT
    assert likeness(then, spot, 2, encoder_levels=9).verdict is Verdict.WITHIN
    assert likeness(then, spot, 2, encoder_levels=5).verdict is Verdict.DIFFERENT
    assert likeness(then, area, 2, encoder_levels=9).verdict is Verdict.DIFFERENT
