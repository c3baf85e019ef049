"""Hints: what a picture says of its colours without a profile is believed, or noted."""

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, features

from tests.pictures import STYLE, chunk, file_of, photo, read
from worker.pictures.codepoints import CodePoints, code_points
from worker.pictures.encoding import CODECS, encode
from worker.pictures.matrix import adobe_rgb, display_p3

P3_NOTE = "it says without a profile that its colours are Display P3; its results have the profile"
ADOBE_NOTE = P3_NOTE.replace("Display P3", "Adobe RGB")
GAMMA, SRGB = chunk(b"gAMA", struct.pack(">I", 100_000)), chunk(b"sRGB", b"\0")
WIDE = (31_270, 32_900, 70_800, 29_200, 17_000, 79_700, 13_100, 4_600)
PRIMARIES = chunk(b"cHRM", struct.pack(">8I", *WIDE))


def taken(meaning: str) -> str:
    """The note of a meaning that is not followed."""
    return f"it says that its colours are {meaning}, which was taken for sRGB"


def png(*chunks: bytes, image: Image.Image | None = None, **options) -> bytes:
    """A PNG with chunks behind its header."""
    body = file_of(image or Image.fromarray(photo()), "PNG", **options)
    return body[:33] + b"".join(chunks) + body[33:]


def cicp(*points: int) -> bytes:
    """PNG's chunk: primaries, transfer, matrix, full range."""
    return chunk(b"cICP", bytes(points))


def avif(primaries: int, transfer: int, **options) -> bytes:
    """An AVIF whose box of colours says so."""
    body = file_of(Image.fromarray(photo()), "AVIF", quality=100, **options)
    if b"colrnclx" not in body:
        return body
    place = body.index(b"colrnclx") + 8
    return body[:place] + struct.pack(">2H", primaries, transfer) + body[place + 4 :]


def camera(space: int, index: str) -> bytes:
    """EXIF of a camera: its colour space, and its index of interoperability."""
    exif = Image.Exif()
    exif[0x8769] = {0xA001: space, 0xA005: {1: index, 2: b"0100"}}
    return exif.tobytes()


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "RGBA"])
def test_a_png_in_display_p3_gets_the_profile_that_says_so(mode):
    """Models see its colours, its numbers stay, and every result tells both."""
    image = Image.fromarray(photo()).convert(mode)
    picture = read(png(cicp(12, 13, 0, 1), image=image))
    assert (picture.icc, picture.notes) == (display_p3(), (P3_NOTE,))
    assert np.array_equal(picture.rgb, np.asarray(image.convert("RGB")))
    for container in CODECS:
        again = read(encode(picture, container, STYLE).body)
        assert (again.icc, again.notes) == (display_p3(), ())


@pytest.mark.parametrize(
    ("chunks", "notes"),
    [
        ((cicp(1, 13, 0, 1),), ()),
        ((cicp(1, 13, 0, 1), GAMMA), ()),
        ((cicp(2, 2, 0, 1), GAMMA), (taken("of gAMA 1"),)),
        ((cicp(9, 16, 0, 1),), (taken("BT.2020, PQ"),)),
        ((cicp(12, 18, 0, 1),), (taken("Display P3, HLG"),)),
        ((cicp(12, 13, 0, 0),), (taken("Display P3, sRGB, not plain RGB"),)),
        ((cicp(1, 13, 1, 1),), (taken("BT.709, sRGB, not plain RGB"),)),
        ((cicp(77, 99, 0, 1),), (taken("primaries 77, transfer 99"),)),
        ((GAMMA,), (taken("of gAMA 1"),)),
        ((GAMMA, PRIMARIES), (taken("of gAMA 1 and of other primaries (cHRM)"),)),
        ((PRIMARIES,), (taken("of other primaries (cHRM)"),)),
        ((SRGB, GAMMA, PRIMARIES), ()),
        ((chunk(b"gAMA", struct.pack(">I", 45_455)),), ()),
        ((chunk(b"gAMA", bytes(4)),), (taken("of gAMA 0"),)),
        ((chunk(b"cICP", b"\x09\x10"),), ()),
    ],
)
def test_what_a_png_says_of_its_colours_is_not_lost_in_silence(chunks, notes):
    """Code points go before sRGB, sRGB before gAMA and cHRM; what means sRGB costs no note."""
    picture = read(png(*chunks))
    assert (picture.icc, picture.notes) == (None, notes)
    assert np.array_equal(picture.rgb, photo())


@pytest.mark.skipif(not features.check("avif"), reason="Pillow was built without AVIF")
def test_what_an_avif_says_of_its_colours_is_not_lost_in_silence():
    """Likewise; a profile says all, and then the numbers do not count."""
    assert read(avif(1, 13)).notes == read(avif(2, 2)).notes == ()
    assert read(avif(9, 16)).notes == (taken("BT.2020, PQ"),)
    picture = read(avif(12, 13))
    assert (picture.icc, picture.notes) == (display_p3(), (P3_NOTE,))
    assert read(avif(9, 16, icc_profile=adobe_rgb())).notes == ()


@pytest.mark.parametrize("container", ["JPEG", "PNG", "WEBP", "MPO"])
def test_a_camera_that_means_adobe_rgb_is_believed(container):
    """ColorSpace "uncalibrated" and index R03, as the DCF rules have it."""
    body = file_of(Image.fromarray(photo()), container, exif=camera(65_535, "R03"))
    picture = read(body)
    assert (picture.icc, picture.notes) == (adobe_rgb(), (ADOBE_NOTE,))
    again = read(encode(picture, "JPEG", STYLE).body)
    assert (again.icc, again.notes) == (adobe_rgb(), ())


@pytest.mark.parametrize(
    ("space", "index", "notes"),
    [(1, "R98", ()), (1, "R03", ()), (65_535, "R98", (taken("not sRGB (EXIF)"),))],
)
def test_a_camera_that_means_anything_else_is_taken_for_srgb(space, index, notes):
    """With a note, unless it is sRGB."""
    picture = read(file_of(Image.fromarray(photo()), "JPEG", exif=camera(space, index)))
    assert (picture.icc, picture.notes) == (None, notes)


@pytest.mark.parametrize("mode", ["CMYK", "LAB"])
def test_what_is_no_rgb_is_not_made_rgb_by_a_hint(mode):
    """Print colours keep their own way to sRGB."""
    image = Image.fromarray(photo(channels=len(Image.new(mode, (1, 1)).getbands())), mode)
    body = file_of(image, "TIFF", exif=camera(65_535, "R03"))
    assert read(body).icc is None
    assert ADOBE_NOTE not in read(body).notes


def test_a_profile_says_more_than_any_hint():
    """With one, nothing else is asked."""
    body = png(cicp(9, 16, 0, 1), GAMMA, icc_profile=adobe_rgb(), exif=camera(65_535, "R98"))
    assert (read(body).icc, read(body).notes) == (adobe_rgb(), ())


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60), st.sampled_from([b"\x89PNG\r\n\x1a\n", b"\0\0\0\x0cftypavif"]))
def test_no_bytes_break_the_search_for_code_points(tail, head):
    """Arbitrary chunks and boxes: numbers, or nothing."""
    boxes = [b"meta", b"iprp", b"ipco", b"colrnclx"]
    nested = head + b"".join(struct.pack(">I", 60) + name for name in boxes) + tail
    for body in (head + tail, nested, head + struct.pack(">I", len(tail)) + b"cICP" + tail):
        assert isinstance(code_points(body), CodePoints | None)
