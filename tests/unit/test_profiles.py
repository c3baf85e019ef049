"""Profiles: models see sRGB, results keep the source's numbers."""

import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from tests.pictures import (
    LIMITS,
    SOURCE,
    STYLE,
    file_of,
    photo,
    read,
)
from worker.pictures.colour import MAX_PROFILE_BYTES
from worker.pictures.encoding import CODECS, encode
from worker.pictures.images import Picture
from worker.pictures.matrix import ADOBE, ADOBE_GAMMA, adobe_rgb
from worker.pictures.profiles import SRGB, colour_space
from worker.pictures.readback import read_back

#: sRGB's red, green and blue under D50, and its transfer curve (IEC 61966-2-1).
SRGB_PRIMARIES = np.array(
    [[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]]
)


def _by_hand(rgb: np.ndarray) -> np.ndarray:
    """Adobe RGB to sRGB by the formulas, clipped to what sRGB holds."""
    linear = (rgb / 255) ** ADOBE_GAMMA @ np.array(ADOBE)
    target = np.clip(linear @ np.linalg.inv(SRGB_PRIMARIES).T, 0, 1)
    curve = np.where(target <= 0.0031308, 12.92 * target, 1.055 * target ** (1 / 2.4) - 0.055)
    return np.round(curve * 255)


def test_models_see_adobe_rgb_as_the_colours_that_it_means():
    """The conversion is that of the two standards, to two levels."""
    space = colour_space(adobe_rgb())
    assert np.abs(space.to_srgb(photo()).astype(int) - _by_hand(photo())).max() <= 2
    assert np.abs(space.to_srgb(photo()).astype(int) - photo()).max() > 20


def test_what_models_paint_comes_back_in_the_sources_numbers():
    """to_srgb(from_srgb(x)) = x for all of sRGB, which Adobe RGB contains.

    But for channels near black, where 8 bits of a pure power curve are few.
    """
    space = colour_space(adobe_rgb())
    painted = photo() // 2 + 60
    again = space.to_srgb(space.from_srgb(painted)).astype(int)
    assert np.abs(again - painted).max() <= 2
    assert np.abs(again - painted).mean() < 0.5


@pytest.mark.parametrize(
    "icc", [None, ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()]
)
def test_srgb_is_not_converted_at_all(icc):
    """No profile, or sRGB's own: not even rounding touches the pixels."""
    assert colour_space(icc) is SRGB
    assert SRGB.to_srgb(photo()) is not None
    assert np.array_equal(SRGB.from_srgb(photo()), photo())


def without_tags(icc: bytes, left_out: int) -> bytes:
    """The profile, whose list of tags ends earlier."""
    (count,) = struct.unpack_from(">I", icc, 128)
    return icc[:128] + struct.pack(">I", count - left_out) + icc[132:]


@pytest.mark.parametrize("left_out", [1, 4, 7])
def test_a_profile_without_its_tables_costs_a_note_and_no_pixel(left_out):
    """Its header says RGB, its inside says nothing: models take the numbers for sRGB."""
    icc = without_tags(adobe_rgb(), left_out)
    picture = read(file_of(Image.fromarray(photo()), "PNG", icc_profile=icc))
    assert np.array_equal(picture.space.to_srgb(picture.rgb), photo())
    assert any("colour profile" in note for note in picture.notes)


def test_a_wide_gamut_picture_keeps_numbers_and_profile():
    """What is kept outside the mask is the source's own, bit for bit, and says how to read it."""
    icc = adobe_rgb()
    picture = read(file_of(Image.fromarray(photo()), "PNG", icc_profile=icc))
    assert picture.icc == icc
    assert np.array_equal(picture.rgb, photo())
    assert picture.notes == ()


def padded(icc: bytes, size: int) -> bytes:
    """The profile with zeros behind it; its header says its size."""
    return struct.pack(">I", size) + icc[4:].ljust(size - 4, b"\0")


@pytest.mark.parametrize("container", ["JPEG", "TIFF", "WEBP"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_profile_that_results_cannot_carry_is_applied(container, mode):
    """One byte over the limit: the picture is sRGB, says so, and its results are written."""
    icc = padded(adobe_rgb(), MAX_PROFILE_BYTES + 1)
    image = Image.fromarray(photo()).convert(mode)
    picture = read(file_of(image, container, icc_profile=icc))
    plain = read(file_of(image, container))
    assert picture.icc is None
    assert picture.notes == (
        "its colour profile is over 1,048,576 bytes, more than results carry",
        "its RGB colour profile was applied; the result is sRGB",
    )
    assert np.abs(picture.rgb.astype(int) - _by_hand(plain.rgb)).max() <= 2
    written_and_read(picture)


def test_the_largest_profile_that_is_kept_fits_into_every_result():
    """At the limit a profile comes back from each container, byte by byte."""
    icc = padded(adobe_rgb(), MAX_PROFILE_BYTES)
    picture = read(file_of(Image.fromarray(photo()), "TIFF", icc_profile=icc))
    assert (picture.icc, picture.notes) == (icc, ())
    written_and_read(picture)


def written_and_read(picture: Picture) -> None:
    """Write it in each container; a result that is not what was written raises."""
    for container in CODECS:
        encoded = encode(picture, container, STYLE)
        read_back(encoded, size=picture.size, style=STYLE, limits=LIMITS, source=SOURCE)
