"""The judges: right about what is drawn, and honest about nothing."""

import random

import numpy as np
import pytest
from PIL import Image

from infra.demo.catalogue import draw, mask_of
from infra.demo.judges import Verdict, dominant_colour, dominant_pattern, judge
from infra.demo.palette import COLOURS, second_of, shade_of


def _all_true(size: int = 100) -> np.ndarray:
    return np.ones((size, size), bool)


@pytest.mark.parametrize("colour", list(COLOURS))
def test_plain_areas_get_their_colour(colour: str) -> None:
    """Any shade of a name is judged to be that name."""
    for seed in range(20):
        image = Image.new("RGB", (100, 100), shade_of(colour, random.Random(seed)))
        assert judge(image, _all_true()) == Verdict(colour, "solid")


@pytest.mark.parametrize("colour", ["red", "blue", "black", "white"])
def test_stripes_keep_the_name_of_their_colour(colour: str) -> None:
    """The neutral second colour of a pattern does not change the name of the first."""
    pixels = np.empty((100, 100, 3), np.uint8)
    pixels[:] = shade_of(colour, random.Random(1))
    pixels[np.arange(100) % 16 < 6] = second_of(colour)
    assert judge(Image.fromarray(pixels), _all_true()) == Verdict(colour, "striped")


def test_judges_are_right_about_drawn_garments() -> None:
    """On garments as drawn, nineteen of twenty verdicts are right."""
    right = total = 0
    for seed in range(40):
        drawing = draw(3_000_000 + seed, (300, 400))
        for garment in drawing.garments:
            verdict = judge(drawing.image, mask_of(drawing, garment.kind))
            right += (verdict.colour == garment.colour) + (verdict.pattern == garment.pattern)
            total += 2
    assert right / total >= 0.95


def test_an_empty_mask_is_an_error() -> None:
    """There is no verdict on nothing."""
    with pytest.raises(ValueError, match="empty"):
        judge(draw(1).image, np.zeros((128, 128), bool))


def test_arrays_are_judged_like_pictures() -> None:
    """Tests hold pixels, programs hold pictures; the verdict is one."""
    drawing = draw(7, (300, 400))
    mask = mask_of(drawing, drawing.garments[0].kind)
    verdict = judge(drawing.image, mask)
    pixels = np.asarray(drawing.image)
    assert dominant_colour(pixels, mask) == verdict.colour
    assert dominant_pattern(pixels, mask) == verdict.pattern
