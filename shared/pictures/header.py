"""Header: a picture's first bytes, checked; the only place that opens strangers' files with Pillow.

Pillow's own guard against decompression bombs stays on; it is only lifted as far as the limits
that an operator sets beyond it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Literal, TypeAlias

from PIL import Image, UnidentifiedImageError

from shared.errors import (
    ImageAnimated,
    ImageBomb,
    ImageMetadataBomb,
    ImageTruncated,
    ImageUnsupported,
    MemoryShort,
    RestyleError,
)
from shared.pictures.limits import Limits, Size, sides
from shared.pictures.signatures import HEAD_BYTES, is_supported, refusal
from shared.pictures.webp import webp_header

Container: TypeAlias = Literal["JPEG", "PNG", "WEBP", "TIFF", "GIF", "AVIF"]

#: Pillow may try these and nothing else (EPS would start Ghostscript).
FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "GIF", "AVIF")
#: Pillow's name of the format that it found, and the container that it is to us. MPO is the JPEG
#: of many phones: a picture with a depth or gain map behind it.
CONTAINERS: dict[str | None, Container] = {
    "JPEG": "JPEG",
    "MPO": "JPEG",
    "PNG": "PNG",
    "WEBP": "WEBP",
    "TIFF": "TIFF",
    "GIF": "GIF",
    "AVIF": "AVIF",
}


#: Modes whose samples have 32 bits: nothing in the file says which of them is white.
UNSCALED = frozenset({"I", "F"})

#: TIFF's tags of a tile's width and height (TIFF 6.0, section 15), and the pixels that a tile may
#: have although its picture has less: a tile is unpacked whole, however little of it is seen.
TILE_SIDES, LEAST_TILE_PIXELS = (322, 323), 2_048 * 2_048

#: How Pillow says that a file ends too early.
TRUNCATED = ("image file is truncated", "truncated PNG", "Truncated File Read")


@dataclass(frozen=True, slots=True)
class Header:
    """What a usable picture says of itself."""

    container: Container
    #: As stored: an EXIF turn may still swap the two.
    size: Size
    #: Whether it may have transparency.
    alpha: bool


def read_header(file: IO[bytes], *, byte_count: int, source: str, limits: Limits) -> Header:
    """Read a picture's header; nothing is decoded.

    JPEG, PNG and TIFF are read as far as their header goes, WebP for its first 30 bytes; GIF, AVIF
    and WebP that may be an animation whole. What a header does not tell (a file cut short, endless
    scans) is found when it is decoded.

    Args:
        file: Seekable; it may fetch what is read on demand.
        byte_count: The file's whole size in bytes.
        source: Names it in errors.
        limits: What it may measure.

    Raises:
        ImageError: It cannot be used; the very error that decoding it would begin with.
    """
    limits.check_bytes(byte_count, source=source)
    head = file.read(HEAD_BYTES)
    with reading(head, source=source, limits=limits):
        header = _webp(head, byte_count, source, limits)
        if header is None:
            with open_picture(file, byte_count=byte_count, source=source, limits=limits) as image:
                check_samples(image, source=source)
                alpha = image.has_transparency_data
                header = Header(CONTAINERS[image.format], image.size, alpha)
    return header


def _webp(head: bytes, byte_count: int, source: str, limits: Limits) -> Header | None:
    found = webp_header(head)
    if found is None or found.animated:
        return None
    limits.check_size(found.size, byte_count, source=source)
    return Header("WEBP", found.size, found.alpha)


def open_picture(file: IO[bytes], *, byte_count: int, source: str, limits: Limits) -> Image.Image:
    """Open a still picture within the limits; to be called inside `reading`.

    Raises:
        ImageTooLarge, ImageBomb: Over a limit.
        ImageAnimated: More than one frame or page.
        Exception: Nearly anything that Pillow raises over hostile bytes.
    """
    Image.MAX_IMAGE_PIXELS = max(Image.MAX_IMAGE_PIXELS or 0, limits.max_pixels)
    file.seek(0)
    image = Image.open(file, formats=FORMATS)
    limits.check_size(image.size, byte_count, source=source)
    _check_tiles(image, source)
    if image.format != "MPO" and getattr(image, "is_animated", False):
        # A TIFF would have to be read to its end to count the pages.
        frames = "several" if image.format == "TIFF" else getattr(image, "n_frames", "several")
        raise ImageAnimated(source=source, frames=frames)
    return image


def check_samples(image: Image.Image, *, source: str) -> None:
    """Refuse a picture whose samples have no 8-bit meaning.

    Raises:
        ImageUnsupported: 32-bit samples.
    """
    if image.mode in UNSCALED:
        raise ImageUnsupported(source=source, reason="its samples have 32 bits; use 8 or 16")


def _check_tiles(image: Image.Image, source: str) -> None:
    tags = getattr(image, "tag_v2", {})
    width, height = (tags.get(tag, 0) for tag in TILE_SIDES)
    if width * height > max(image.width * image.height, LEAST_TILE_PIXELS):
        reason = f"it is {sides(image.size)} but its tiles are {sides((width, height))}"
        raise ImageBomb(source=source, reason=reason)


@contextmanager
def reading(head: bytes, *, source: str, limits: Limits) -> Iterator[None]:
    """Turns whatever the decoder raises in the block into an error of ours.

    Args:
        head: The file's first bytes.
        source: Names it.
        limits: What it may measure.
    """
    try:
        yield
    except RestyleError:
        raise
    # Hostile or broken bytes make Pillow raise OSError, ValueError, SyntaxError, struct.error,
    # MemoryError and more; none of them may cost more than this one item.
    except Exception as error:
        raise _meaning(error, head, source, limits) from error


def _meaning(error: Exception, head: bytes, source: str, limits: Limits) -> RestyleError:
    if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
        # Over twice our own limit, which `check_size` would have told with its figures.
        return ImageBomb(source=source, reason=f"it claims far over {limits.max_pixels:,} pixels")
    if isinstance(error, MemoryError):
        return MemoryShort(source=source)
    if not is_supported(head):
        return refusal(head, source)
    if "MAX_TEXT_" in str(error):  # PngImagePlugin names its own two limits
        return ImageMetadataBomb(source=source)
    return ImageTruncated(source=source, reason=_reason(error))


def _reason(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "its header cannot be read"  # Pillow's words name a place in memory
    words = " ".join(str(error).split()).rstrip(".")
    if words.startswith(TRUNCATED):
        return "it ends before its picture does"  # Pillow counts bytes that nobody could miss
    return words or type(error).__name__
