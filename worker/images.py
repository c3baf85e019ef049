"""Images: bytes to pixels; the only place where a picture's bytes are trusted to Pillow.

Pillow's own guard against decompression bombs stays on; it is only lifted as far as the limits
that an operator sets beyond it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Literal, NoReturn, TypeAlias

import numpy as np
from PIL import Image, UnidentifiedImageError

from shared.errors import (
    ImageAnimated,
    ImageTooLarge,
    ImageTooSmall,
    ImageTruncated,
    ImageUnreadable,
    MaskMismatch,
    RestyleError,
)
from worker.arrays import Grey, Rgb, Size
from worker.colour import to_eight_bits, to_rgb
from worker.credits import read_credits
from worker.exif import read_dpi, read_exif, upright
from worker.signatures import describe, is_supported

Container: TypeAlias = Literal["JPEG", "PNG", "WEBP", "TIFF"]

#: Pillow may try these and nothing else (EPS would start Ghostscript).
FORMATS = ("JPEG", "PNG", "WEBP", "TIFF")
#: Pillow's name of the format that it found, and the container that it is to us. MPO is the JPEG
#: of many phones: a picture with a depth or gain map behind it.
CONTAINERS: dict[str | None, Container] = {
    "JPEG": "JPEG",
    "MPO": "JPEG",
    "PNG": "PNG",
    "WEBP": "WEBP",
    "TIFF": "TIFF",
}

#: A garment needs some pixels: the least width and height of a source.
LEAST_SIDE = 64


@dataclass(frozen=True, slots=True)
class Limits:
    """What a picture may measure; checked before it is decoded."""

    max_bytes: int
    #: Width and height, in pixels.
    max_side: int
    max_pixels: int


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A decoded still picture, upright."""

    rgb: Rgb
    #: None where the source has no transparency at all.
    alpha: Grey | None
    #: What the source came in.
    container: Container
    #: The colour profile that `rgb` is in; None means sRGB.
    icc: bytes | None = None
    #: EXIF without orientation, thumbnail and maker's notes, with its `Exif` header.
    exif: bytes | None = None
    #: XMP, with what older ways to caption a picture add; well-formed.
    xmp: bytes | None = None
    #: Dots per inch.
    dpi: int | None = None
    #: Oddities of the source that were put right, as clauses.
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> Size:
        """Width and height in pixels."""
        height, width = self.rgb.shape[:2]
        return width, height

    def flattened(self, background: str) -> Rgb:
        """The picture as seen on a background (`#rrggbb`); `rgb` itself where nothing is clear."""
        return self.rgb if self.alpha is None else flatten(self.rgb, self.alpha, background)


def decode(body: bytes, *, source: str, limits: Limits) -> Picture:
    """Decode a source picture; `source` names it in errors.

    Raises:
        ImageUnreadable: Not a JPEG, PNG, WebP or TIFF, or samples that have no 8-bit meaning.
        ImageTruncated: One of these, but cut short or damaged.
        ImageTooLarge: Over a limit; found before decoding.
        ImageTooSmall: A side under 64 px.
        ImageAnimated: More than one frame or page.
    """
    with _decoding(body, source, limits):
        image = _open(body, source, limits)
        _check_least(image, source)
        image.load()
        exif = read_exif(image)
        colours = to_rgb(upright(image, exif), source=source)
        container = CONTAINERS[image.format]
        told, dpi = read_credits(image, body), read_dpi(image)
    notes = exif.notes + colours.notes + told.notes
    return Picture(
        colours.rgb, colours.alpha, container, colours.icc, exif.kept, told.xmp, dpi, notes
    )


def decode_mask(body: bytes, *, address: str, source: str, size: Size, limits: Limits) -> Grey:
    """Decode a supplied mask, to be used as it is: uint8, H x W, 255 = repaint.

    Colours count by their brightness; transparency and colour profiles do not count.

    Raises:
        MaskMismatch: Upright, it is not of the source's size.
        ImageUnreadable, ImageTruncated, ImageTooLarge, ImageAnimated: As `decode`.
    """
    with _decoding(body, address, limits):
        image = _open(body, address, limits)
        image.load()
        mask = _brightness(upright(image, read_exif(image)), address)
    if mask.shape != size[::-1]:
        found = _sides((mask.shape[1], mask.shape[0]))
        raise MaskMismatch(mask=address, mask_size=found, source=source, source_size=_sides(size))
    return mask


def _brightness(image: Image.Image, address: str) -> Grey:
    if image.mode == "LAB":
        return np.asarray(image.getchannel("L"), dtype=np.uint8)
    narrow = to_eight_bits(image, source=address)
    flat = narrow if narrow.mode in {"1", "L", "LA"} else narrow.convert("RGB")
    return np.asarray(flat.convert("L"), dtype=np.uint8)


def flatten(rgb: Rgb, alpha: Grey, background: str) -> Rgb:
    """The picture laid on a background colour (`#rrggbb`), as where there is no alpha."""
    height, width = alpha.shape
    ground = Image.new("RGB", (width, height), background)
    ground.paste(Image.fromarray(rgb), mask=Image.fromarray(alpha))
    return np.asarray(ground, dtype=np.uint8)


# --- before and around the decoder -----------------------------------------------------------


def _open(body: bytes, source: str, limits: Limits) -> Image.Image:
    """The picture's header, checked; nothing is decoded yet."""
    if len(body) > limits.max_bytes:
        _refuse(source, f"{len(body):,} bytes", f"{limits.max_bytes:,} bytes")
    Image.MAX_IMAGE_PIXELS = max(Image.MAX_IMAGE_PIXELS or 0, limits.max_pixels)
    image = Image.open(BytesIO(body), formats=FORMATS)
    if max(image.size) > limits.max_side:
        _refuse(source, _sides(image.size), f"{limits.max_side:,} px a side")
    if image.width * image.height > limits.max_pixels:
        _refuse(source, _sides(image.size), f"{limits.max_pixels:,} pixels")
    if image.format != "MPO" and getattr(image, "is_animated", False):
        # A TIFF would have to be read to its end to count the pages.
        frames = "several" if image.format == "TIFF" else getattr(image, "n_frames", "several")
        raise ImageAnimated(source=source, frames=frames)
    return image


def _check_least(image: Image.Image, source: str) -> None:
    if min(image.size) < LEAST_SIDE:
        limit = f"{LEAST_SIDE} px a side"
        raise ImageTooSmall(source=source, size=_sides(image.size), limit=limit)


def _refuse(source: str, size: str, limit: str) -> NoReturn:
    raise ImageTooLarge(source=source, size=size, limit=limit)


def _sides(size: Size) -> str:
    return f"{size[0]} x {size[1]} px"


@contextmanager
def _decoding(body: bytes, source: str, limits: Limits) -> Iterator[None]:
    """Turns whatever the decoder raises into an error of ours."""
    try:
        yield
    except RestyleError:
        raise
    # Hostile or broken bytes make Pillow raise OSError, ValueError, SyntaxError, struct.error,
    # MemoryError and more; none of them may cost more than this one item.
    except Exception as error:
        raise _meaning(error, body, source, limits) from error


def _meaning(error: Exception, body: bytes, source: str, limits: Limits) -> RestyleError:
    if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
        size = f"over {Image.MAX_IMAGE_PIXELS:,} pixels"
        return ImageTooLarge(source=source, size=size, limit=f"{limits.max_pixels:,} pixels")
    if isinstance(error, MemoryError):
        size, limit = "it does not fit when decoded", "this host's memory"
        return ImageTooLarge(source=source, size=size, limit=limit)
    if is_supported(body):
        return ImageTruncated(source=source, reason=_reason(error))
    return ImageUnreadable(source=source, reason=describe(body))


def _reason(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "its header cannot be read"  # Pillow's words name a place in memory
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__
