"""Refusals: what is no usable picture, and how it is called."""

import contextlib
import re
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from shared.errors import (
    ImageAnimated,
    ImageBomb,
    ImageEmpty,
    ImageError,
    ImageMarkup,
    ImageMetadataBomb,
    ImagePlaceholder,
    ImageTooLarge,
    ImageTooNarrow,
    ImageTooSmall,
    ImageTruncated,
    ImageUnreadable,
    ImageUnsupported,
    MemoryShort,
)
from shared.pictures.header import reading
from shared.pictures.limits import Limits
from tests.pictures import LIMITS, SOURCE, chunk, file_of, photo, read

# --- what is refused -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "error", "what"),
    [
        (b"", ImageEmpty, "0 bytes"),
        (b"<!DOCTYPE html><html>503</html>", ImageMarkup, "a web page"),
        (b"\xef\xbb\xbf<html lang='en'>", ImageMarkup, "a web page"),
        (b'<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>', ImageMarkup, "an XML"),
        (b"\n <svg xmlns='http://www.w3.org/2000/svg'/>", ImageMarkup, "an SVG"),
        (b"<?xml version='1.0'?><!-- a --><svg viewBox='0 0 9 9'/>", ImageMarkup, "an SVG"),
        (b"%PDF-1.7 ...", ImageUnsupported, "a PDF"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", ImageUnsupported, "PostScript"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", ImageUnsupported, "an HEIC"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0", ImageUnsupported, "a video"),
        (b"BM\0\0\0\0", ImageUnsupported, "a BMP"),
        (b'{"message": "forbidden"}', ImageUnreadable, "JSON"),
        (b"\0" * 1000, ImageUnreadable, "its bytes are no picture's"),
        (b"\xff\xd8", ImageUnreadable, "its bytes are no picture's"),
        (b"\0\0\0\x20ftypavif\0\0\0\0", ImageTruncated, "header"),
        (file_of(Image.fromarray(photo()), "PNG")[:-99], ImageTruncated, "ends before its picture"),
        (
            file_of(Image.fromarray(photo()), "TIFF")[:-99],
            ImageTruncated,
            "ends before its picture",
        ),
    ],
)
def test_what_is_no_picture_is_called_what_it_is(body, error, what):
    """Each kind of file has its own code, whatever its key ends in."""
    with pytest.raises(error, match=what):
        read(body)


@pytest.mark.parametrize("container", ["PNG", "WEBP", "TIFF", "GIF", "AVIF"])
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
    assert any("first picture" in note for note in picture.notes)


FILES = {
    "jpeg": file_of(Image.fromarray(photo()), "JPEG", quality=90),
    "progressive jpeg": file_of(Image.fromarray(photo()), "JPEG", progressive=True),
    "png": file_of(Image.fromarray(photo()), "PNG"),
    "webp": file_of(Image.fromarray(photo()), "WEBP", lossless=True),
    "tiff": file_of(Image.fromarray(photo()), "TIFF"),
    "tiff, packed": file_of(Image.fromarray(photo()), "TIFF", compression="tiff_lzw"),
    "gif": file_of(Image.fromarray(photo()), "GIF"),
    "avif": file_of(Image.fromarray(photo()), "AVIF", quality=90),
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
def test_a_small_file_that_claims_to_be_huge_is_a_bomb(size):
    """Sides and pixels are known before anything is decoded: these bodies hold no pixels."""
    with pytest.raises(ImageBomb) as caught:
        read(bomb(*size))
    assert "Pillow" not in str(caught.value)
    assert re.search(r"the limit is 4,0|far over 4,0", str(caught.value))


@pytest.mark.parametrize("container", ["JPEG", "PNG", "WEBP", "TIFF", "GIF", "AVIF"])
def test_a_real_bomb_is_refused_before_it_is_decoded(container):
    """A blank page of 4.2 megapixels packs into nothing; its header alone ends it."""
    body = file_of(Image.new("RGB", (2_100, 2_000)), container)
    error = ImageTooLarge if container == "TIFF" else ImageBomb  # a plain TIFF is not packed
    few = Limits(max_bytes=50_000_000, max_side=4_000, max_pixels=4_000_000)
    with pytest.raises(error, match="2100 x 2000 px"):
        read(body, few)


def test_an_honest_picture_over_a_limit_is_too_large():
    """Its bytes are worth its pixels, so the sentence speaks of the limit alone."""
    noise = np.random.default_rng(0).integers(0, 256, (100, 4_001, 3), dtype=np.uint8)
    with pytest.raises(ImageTooLarge, match="4001 x 100 px, the limit is 4,000 px a side"):
        read(file_of(Image.fromarray(noise), "JPEG"))


def test_a_jpeg_of_endless_scans_is_a_bomb():
    """Each scan is a pass over all pixels: an ordinary progressive picture has about ten."""
    body = file_of(Image.fromarray(photo()), "JPEG", progressive=True)
    assert read(body).size == (96, 80)
    start = body.index(b"\xff\xda")
    scan = body[start : body.index(b"\xff", start + 20)]
    with pytest.raises(ImageBomb, match="over 100 passes over its pixels"):
        read(body[:start] + scan * 200 + body[start:])


def test_what_a_phone_appends_to_a_jpeg_is_no_part_of_it():
    """A motion photo's film may hold any bytes, also those that would be scans of the picture."""
    body = file_of(Image.fromarray(photo()), "JPEG", exif=b"Exif\0\0" + b"\xff\xda" * 200)
    film = b"\0\0\0\x18ftypmp42" + b"\xff\xda" * 5_000
    assert np.array_equal(read(body + film).rgb, read(body).rgb)


def test_a_jpeg_whose_end_was_never_written_is_truncated():
    """Some uploads reserve their space first; decoders would paint the rest of it grey."""
    body = file_of(Image.fromarray(photo(640, 480)), "JPEG", quality=95)
    half = len(body) // 2
    with pytest.raises(ImageTruncated, match="never written"):
        read(body[:half] + bytes(len(body) - half))
    assert read(body + bytes(10_000)).size == (640, 480)


def test_a_tiff_whose_tiles_dwarf_it_is_a_bomb():
    """A tile is unpacked whole, however little of it belongs to the picture."""
    with pytest.raises(ImageBomb, match="64 x 64 px but its tiles are 12000 x 12000 px"):
        read(tiled(64, 12_000))
    assert read(tiled(64, 256)).size == (64, 64)


def tiled(side: int, tile: int) -> bytes:
    """A grey TIFF of one deflated tile, byte by byte (TIFF 6.0)."""
    packed = zlib.compress(b"\x80" * (tile * tile), 9)
    numbers = {
        256: side,
        257: side,
        258: 8,
        259: 8,
        262: 1,
        277: 1,
        322: tile,
        323: tile,
        324: 8,
        325: len(packed),
    }
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in numbers.items())
    directory = struct.pack("<H", len(numbers)) + entries + bytes(4)
    return struct.pack("<2sHI", b"II", 42, 8 + len(packed)) + packed + directory


def test_a_damaged_avif_under_its_other_brand_is_no_heic():
    """`mif1` heads both; what it is compatible with tells them apart."""
    body = b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf" + b"\0" * 40
    with pytest.raises(ImageTruncated):
        read(body)
    with pytest.raises(ImageUnsupported, match="HEIC"):
        read(body.replace(b"avif", b"heic"))


def test_a_host_without_memory_is_a_passing_fault():
    """What does not fit beside its neighbours now may fit later: the item is tried again."""
    body = file_of(Image.fromarray(photo()), "PNG")
    with pytest.raises(MemoryShort) as caught, reading(body, source=SOURCE, limits=LIMITS):
        bytearray(2**62)
    assert caught.value.retryable


@pytest.mark.parametrize("name", [b"zTXt", b"iTXt"])
def test_metadata_that_unpacks_to_megabytes_is_a_bomb(name):
    """Two kilobytes of text chunk that would take memory without end."""
    packed = zlib.compress(b"\0" * 2_000_000)
    text = b"key\0\0" + packed if name == b"zTXt" else b"key\0\1\0\0\0" + packed
    body = file_of(Image.fromarray(photo()), "PNG")
    after_header = 8 + 25
    with pytest.raises(ImageMetadataBomb):
        read(body[:after_header] + chunk(name, text) + body[after_header:])


def test_limits_above_pillows_own_are_obeyed(monkeypatch):
    """An operator who allows more pixels than Pillow does gets past Pillow: our own side counts."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)
    wide = Limits(max_bytes=5_000_000, max_side=14_999, max_pixels=10**9)
    with pytest.raises(ImageBomb, match=r"15000 x 14000 px .* the limit is 14,999 px a side"):
        read(bomb(15_000, 14_000), wide)


def test_too_many_bytes_are_refused_unread():
    """The limit on bytes holds whatever they are."""
    with pytest.raises(ImageTooLarge, match="bytes"):
        read(b"\0" * 101, Limits(max_bytes=100, max_side=100, max_pixels=10_000))


@pytest.mark.parametrize(
    ("size", "error"),
    [
        ((63, 200), ImageTooSmall),
        ((200, 63), ImageTooSmall),
        ((1, 64), ImageTooSmall),
        ((1, 1), ImagePlaceholder),
        ((2, 1), ImagePlaceholder),
        ((64, 513), ImageTooNarrow),
        ((801, 100), ImageTooNarrow),
    ],
)
def test_shapes_that_show_no_garment_are_refused(size, error):
    """A dot, a stamp and a strip have each their own code."""
    with pytest.raises(error):
        read(file_of(Image.new("RGB", size), "PNG"))


@pytest.mark.parametrize("size", [(64, 512), (800, 100), (64, 64)])
def test_the_limits_of_a_shape_are_themselves_allowed(size):
    """64 px a side and eight to one are still painted."""
    assert read(file_of(Image.new("RGB", size), "PNG")).size == size
