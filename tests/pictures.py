"""Pictures for the tests of the pixel rooms, and their decoding under one set of limits."""

import struct
import zlib
from io import BytesIO

import numpy as np
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from shared.pictures.limits import Limits
from shared.styles import Style
from worker.pictures.images import Picture, decode, decode_mask

LIMITS = Limits(max_bytes=5_000_000, max_side=4_000, max_pixels=4_000_000)
SOURCE = "s3://shop/dress.jpg"
STYLE = Style(mask_prompt="the dress", prompt="a red dress")


def photo(width: int = 96, height: int = 80, channels: int = 3) -> np.ndarray:
    """A smooth picture without symmetry, so that every turn of it is another picture."""
    across, down = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    planes = [across, down, across * down, 0.3 + 0.7 * across][:channels]
    return (np.dstack(planes) * 255).round().astype(np.uint8)


def file_of(image: Image.Image, container: str, **options) -> bytes:
    """The file that Pillow writes."""
    file = BytesIO()
    image.save(file, container, **options)
    return file.getvalue()


def read(body: bytes, limits: Limits = LIMITS) -> Picture:
    """Decode under the tests' limits."""
    return decode(body, source=SOURCE, limits=limits)


def read_mask(body: bytes, size: tuple[int, int] = (96, 80)) -> np.ndarray:
    """Decode a supplied mask."""
    address = "s3://shop/mask.png"
    return decode_mask(body, address=address, source=SOURCE, size=size, limits=LIMITS)


def chunk(name: bytes, content: bytes) -> bytes:
    """A chunk of a PNG."""
    check = struct.pack(">I", zlib.crc32(name + content))
    return struct.pack(">I", len(content)) + name + content + check


def odd_tiff(kind: int, tags: dict[int, object]) -> bytes:
    """A TIFF some of whose tags are of an odd type: 2 is text, 4 is a number of 32 bits."""
    directory = ImageFileDirectory_v2()
    directory[296] = 2  # resolutions, where it has some, are per inch
    for tag, value in tags.items():
        directory.tagtype[tag] = kind
        directory[tag] = value
    return file_of(Image.fromarray(photo()), "TIFF", tiffinfo=directory)


def turned(orientation: int) -> bytes:
    """An EXIF block that says how the camera was held."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "Camera & Sons"
    exif[0x8769] = {0xA002: 96, 0xA003: 80, 0x927C: b"maker's secret" * 100}
    return exif.tobytes()
