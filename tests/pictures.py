"""Pictures for the tests of the pixel rooms, and their decoding under one set of limits."""

import struct
import zlib
from io import BytesIO

import numpy as np
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from shared.pictures import Limits
from shared.styles import Style
from worker.images import Picture, decode, decode_mask

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


def rgb_profile(
    primaries: tuple[tuple[float, float, float], ...], gamma: float, *, tags_left_out: int = 0
) -> bytes:
    """An ICC v2 matrix profile, byte by byte (ICC.1:2001-04); XYZ of red, green, blue under D50."""
    curve = b"curv" + bytes(4) + struct.pack(">IHxx", 1, round(gamma * 256))
    white = _xyz(0.9642, 1.0, 0.8249)
    text = b"desc" + bytes(4) + struct.pack(">I", 5) + b"wide\0" + bytes(78 + 1)
    contents = {b"desc": text, b"wtpt": white}
    names = (b"rXYZ", b"gXYZ", b"bXYZ")
    contents |= {name: _xyz(*xyz) for name, xyz in zip(names, primaries, strict=True)}
    contents |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    kept = dict(list(contents.items())[: len(contents) - tags_left_out])
    parts, tags, place = b"", b"", 128 + 4 + len(kept) * 12
    for name, part in kept.items():
        tags += name + struct.pack(">2I", place + len(parts), len(part))
        parts += part + bytes(-len(part) % 4)
    size = place + len(parts)
    head = struct.pack(">I4sI4s4s4s", size, b"", 0x02100000, b"mntr", b"RGB ", b"XYZ ")
    head += bytes(12) + b"acsp" + bytes(28) + white[8:]
    return head.ljust(128, b"\0") + struct.pack(">I", len(kept)) + tags + parts


def _xyz(*values: float) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(value * 65_536) for value in values))


#: Adobe RGB (1998): red, green and blue under D50.
ADOBE = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
ADOBE_GAMMA = 2.19921875
