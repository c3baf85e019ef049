"""Refusals: what is no usable picture, and how it is called."""

import contextlib
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from shared.errors import (
    ImageAnimated,
    ImageError,
    ImageTooLarge,
    ImageTooSmall,
    ImageTruncated,
    ImageUnreadable,
)
from tests.pictures import chunk, file_of, photo, read
from worker.images import Limits

# --- what is refused -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><html>503</html>", "web page"),
        (b'<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>', "web page"),
        (b"\n <svg xmlns='http://www.w3.org/2000/svg'/>", "web page"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", "PostScript"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC"),
        (b"\0\0\0\x20ftypavif\0\0\0\0", "AVIF"),
        (b'{"message": "forbidden"}', "JSON"),
        (b"\0" * 1000, "no picture at all"),
        (b"\xff\xd8", "no picture at all"),
    ],
)
def test_what_is_no_picture_is_called_what_it_is(body, what):
    """ImageUnreadable names the kind of file, whatever its key ends in."""
    with pytest.raises(ImageUnreadable, match=what):
        read(body)


def test_a_gif_is_refused_animated_or_not():
    """GIF is outside of the closed list of containers."""
    still = Image.fromarray(photo()).quantize()
    for others in ([], [still.rotate(180)]):
        with pytest.raises(ImageUnreadable, match="a GIF"):
            read(file_of(still, "GIF", save_all=True, append_images=others))


@pytest.mark.parametrize("container", ["PNG", "WEBP", "TIFF"])
def test_animations_and_pages_are_refused(container):
    """Which frame would be the product?"""
    pages = [Image.fromarray(photo()), Image.fromarray(255 - photo())]
    body = file_of(pages[0], container, save_all=True, append_images=pages[1:])
    with pytest.raises(ImageAnimated):
        read(body)


def test_a_phones_multi_picture_jpeg_is_its_first_picture():
    """MPO holds a depth map or a second view behind an ordinary JPEG."""
    pictures = [Image.fromarray(photo()), Image.fromarray(255 - photo())]
    body = file_of(pictures[0], "MPO", save_all=True, append_images=pictures[1:])
    picture = read(body)
    assert picture.container == "JPEG"
    assert np.abs(picture.rgb.astype(int) - photo()).max() < 40


FILES = {
    "jpeg": file_of(Image.fromarray(photo()), "JPEG", quality=90),
    "progressive jpeg": file_of(Image.fromarray(photo()), "JPEG", progressive=True),
    "png": file_of(Image.fromarray(photo()), "PNG"),
    "webp": file_of(Image.fromarray(photo()), "WEBP", lossless=True),
    "tiff": file_of(Image.fromarray(photo()), "TIFF"),
    "tiff, packed": file_of(Image.fromarray(photo()), "TIFF", compression="tiff_lzw"),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", FILES)
@settings(deadline=None)
@given(st.floats(0, 1, exclude_max=True))
def test_a_file_cut_short_is_truncated_or_whole(kind, part):
    """At every cut: ImageTruncated, or (the end was padding) the very same pixels."""
    body = FILES[kind]
    cut_at = max(12, int(len(body) * part))
    with contextlib.suppress(ImageTruncated):
        assert np.array_equal(read(body[:cut_at]).rgb, read(body).rgb)


@pytest.mark.parametrize("kind", FILES)
def test_reasons_are_the_same_for_the_same_bytes(kind):
    """No reason names a place in memory, so equal failures read equal."""
    sentences = set()
    for _ in range(2):
        with pytest.raises(ImageTruncated) as caught:
            read(FILES[kind][:30])
        sentences.add(str(caught.value))
    assert len(sentences) == 1
    assert "0x" not in sentences.pop()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", FILES)
@settings(deadline=None)
@given(st.data())
def test_flipped_bytes_give_a_picture_or_an_image_error(kind, data):
    """Whatever the bytes, nothing but the errors of this room comes out."""
    body = bytearray(FILES[kind])
    places = st.integers(0, len(body) - 1)
    for place in data.draw(st.lists(places, min_size=1, max_size=8)):
        body[place] = data.draw(st.integers(0, 255))
    with contextlib.suppress(ImageError):
        read(bytes(body))


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims to be huge."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    content = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + content + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "size", [(4_001, 64), (64, 4_001), (2_001, 2_000), (10_000, 10_000), (60_000, 60_000)]
)
def test_too_large_a_picture_is_refused_by_its_header(size):
    """Sides and pixels are known before anything is decoded: these bodies hold no pixels."""
    with pytest.raises(ImageTooLarge) as caught:
        read(bomb(*size))
    assert "Pillow" not in str(caught.value)
    assert str(caught.value).count("the limit is 4,0") == 1


def test_limits_above_pillows_own_are_obeyed(monkeypatch):
    """An operator who allows more pixels than Pillow does gets past Pillow: our own side counts."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)
    wide = Limits(max_bytes=5_000_000, max_side=14_999, max_pixels=10**9)
    with pytest.raises(ImageTooLarge, match="15000 x 14000 px, the limit is 14,999 px a side"):
        read(bomb(15_000, 14_000), wide)


def test_too_many_bytes_are_refused_unread():
    """The limit on bytes holds whatever they are."""
    with pytest.raises(ImageTooLarge, match="bytes"):
        read(b"\0" * 101, Limits(max_bytes=100, max_side=100, max_pixels=10_000))


@pytest.mark.parametrize("size", [(63, 200), (200, 63), (1, 1)])
def test_too_small_a_picture_is_refused(size):
    """Under 64 px a side there is no garment to see."""
    with pytest.raises(ImageTooSmall):
        read(file_of(Image.new("RGB", size), "PNG"))
