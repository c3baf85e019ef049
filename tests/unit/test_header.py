"""Headers: the first bytes give the very verdict that decoding would give."""

import contextlib
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from shared.errors import ImageAnimated, ImageError, RestyleError
from shared.pictures.header import read_header
from shared.pictures.limits import check_shape
from tests.pictures import LIMITS, SOURCE, file_of, photo, read

CONTAINERS = ["JPEG", "PNG", "WEBP", "TIFF", "GIF", "AVIF"]


class Counted(BytesIO):
    """A file that remembers how far it was read."""

    furthest = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """As a file does."""
        content = super().read(size)
        self.furthest = max(self.furthest, self.tell())
        return content


def header_of(file: BytesIO, byte_count: int | None = None):
    """Read a source's header under the tests' limits."""
    count = len(file.getvalue()) if byte_count is None else byte_count
    header = read_header(file, byte_count=count, source=SOURCE, limits=LIMITS)
    check_shape(header.size, source=SOURCE)
    return header


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_header_tells_container_and_size(container):
    """What decoding finds, without decoding."""
    body = file_of(Image.fromarray(photo()), container)
    header = header_of(BytesIO(body))
    assert (header.container, header.size) == (read(body).container, (96, 80))


@pytest.mark.parametrize("lossless", [True, False])
@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("exif", [b"", b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"])
@settings(deadline=None, max_examples=8)
@given(size=st.tuples(st.integers(64, 500), st.integers(64, 500)))
def test_every_kind_of_webp_tells_its_size_in_thirty_bytes(lossless, channels, exif, size):
    """VP8, VP8L and VP8X have each their own place for it."""
    image = Image.fromarray(photo(channels=channels)).resize(size)
    body = file_of(image, "WEBP", lossless=lossless, exif=exif)
    assert header_of(BytesIO(body[:30]), len(body)).size == size


@pytest.mark.parametrize("container", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_header_is_read_without_the_pixels(container):
    """Of a picture of a megabyte the first kilobytes are enough."""
    noise = np.random.default_rng(0).integers(0, 256, (700, 600, 3), dtype=np.uint8)
    file = Counted(file_of(Image.fromarray(noise), container))
    header_of(file)
    assert len(file.getvalue()) > 200_000
    assert file.furthest < 2_000


@pytest.mark.parametrize("container", ["PNG", "WEBP", "TIFF", "GIF", "AVIF"])
def test_an_animation_is_seen_in_the_header(container):
    """As decoding refuses it."""
    frames = [Image.fromarray(photo()), Image.fromarray(255 - photo())]
    body = file_of(frames[0], container, save_all=True, append_images=frames[1:])
    with pytest.raises(ImageAnimated):
        header_of(BytesIO(body))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"%PDF-1.7",
        b"\0" * 600,
        b"\xff\xd8\xff\xe0",
        b"RIFF\x04\0\0\0WEBP",
        file_of(Image.new("RGB", (1, 1)), "PNG"),
        file_of(Image.new("RGB", (63, 80)), "WEBP"),
        file_of(Image.new("RGB", (900, 70)), "GIF"),
        file_of(Image.new("RGB", (4_100, 4_000)), "PNG"),
        file_of(Image.new("F", (70, 70)), "TIFF"),
        file_of(Image.new("I", (70, 70)), "TIFF"),
        file_of(Image.new("RGB", (4_100, 4_000)), "WEBP"),
    ],
)
def test_a_header_is_refused_as_decoding_refuses_it(body):
    """One set of rules: the same class, the same sentence."""
    with pytest.raises(ImageError) as early:
        header_of(BytesIO(body))
    with pytest.raises(ImageError) as late:
        read(body)
    assert (type(early.value), str(early.value)) == (type(late.value), str(late.value))


def test_a_webp_of_one_frame_is_no_animation():
    """Some encoders set the flag of an animation for a single frame."""
    body = bytearray(file_of(Image.fromarray(photo(channels=4)), "WEBP", lossless=True))
    frame = body[12:]
    canvas = (95).to_bytes(3, "little") + (79).to_bytes(3, "little")
    anmf = bytes(6) + canvas + bytes(3) + b"\0" + frame
    chunks = [(b"VP8X", b"\x12\0\0\0" + canvas), (b"ANIM", bytes(6)), (b"ANMF", anmf)]
    content = b"".join(name + len(part).to_bytes(4, "little") + part for name, part in chunks)
    whole = b"RIFF" + (len(content) + 4).to_bytes(4, "little") + b"WEBP" + content
    assert header_of(BytesIO(whole)).size == read(whole).size == (96, 80)


@pytest.mark.parametrize(
    ("container", "options"),
    [
        ("PNG", {}),
        ("WEBP", {"lossless": True}),
        ("WEBP", {"lossless": False}),
        ("TIFF", {}),
        ("AVIF", {}),
    ],
)
@pytest.mark.parametrize("channels", [3, 4])
def test_a_header_tells_of_transparency(container, options, channels):
    """It decides how much memory the picture's way takes."""
    body = file_of(Image.fromarray(photo(channels=channels)), container, **options)
    assert header_of(BytesIO(body)).alpha is (channels == 4)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("container", CONTAINERS)
@settings(deadline=None)
@given(data=st.data())
def test_a_mangled_header_raises_nothing_but_our_own(container, data):
    """Whatever the first bytes are."""
    body = bytearray(file_of(Image.fromarray(photo()), container))
    for _ in range(data.draw(st.integers(1, 6))):
        body[data.draw(st.integers(0, min(len(body) - 1, 200)))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(RestyleError):
        header_of(BytesIO(bytes(body)))
