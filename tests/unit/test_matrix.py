"""Matrix profiles: made byte by byte, they mean the colours of the standards."""

from io import BytesIO

import numpy as np
import pytest
from PIL import ImageCms

from worker.pictures.matrix import ADOBE, DISPLAY_P3, WHITE, adobe_rgb, display_p3
from worker.pictures.profiles import colour_space

#: Bradford's cones, by which lights are carried from one white to another (ICC.1:2022, annex E).
BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
D65 = (0.3127, 0.3290)


def lights(*points: tuple[float, float]) -> np.ndarray:
    """X, Y and Z of chromaticities, a column each, where Y is 1."""
    return np.array([(x / y, 1, (1 - x - y) / y) for x, y in points]).T


@pytest.mark.parametrize(
    ("primaries", "chromaticities"),
    [
        (ADOBE, ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))),
        (DISPLAY_P3, ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))),
    ],
)
def test_primaries_are_those_of_the_standards_under_d50(primaries, chromaticities):
    """Scaled so that they sum to D65, then carried to D50."""
    white, columns = lights(D65), lights(*chromaticities)
    scaled = columns * np.linalg.solve(columns, white).T
    gains = (BRADFORD @ np.array(WHITE)) / (BRADFORD @ white[:, 0])
    adapted = np.linalg.inv(BRADFORD) @ np.diag(gains) @ BRADFORD @ scaled
    assert np.abs(adapted.T - np.array(primaries)).max() < 3e-4


@pytest.mark.parametrize("made", [adobe_rgb, display_p3])
def test_a_made_profile_is_one_of_a_display_and_says_its_name(made):
    """Little CMS reads it; its white is white."""
    profile = ImageCms.ImageCmsProfile(BytesIO(made())).profile
    assert profile.profile_description.startswith("Compatible with ")
    assert (profile.device_class, profile.xcolor_space) == ("mntr", "RGB ")
    assert profile.version == pytest.approx(2.1)
    white = np.full((1, 1, 3), 255, dtype=np.uint8)
    assert np.array_equal(colour_space(made()).to_srgb(white), white)


def test_greys_of_display_p3_are_those_of_srgb():
    """The curve is sRGB's, to a level."""
    grey = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    moved = colour_space(display_p3()).to_srgb(np.ascontiguousarray(grey))
    assert np.abs(moved.astype(int) - grey).max() <= 1
    red = np.array([[[255, 0, 0]]], dtype=np.uint8)
    assert colour_space(display_p3()).from_srgb(red)[0, 0] == pytest.approx((234, 51, 35), abs=2)
