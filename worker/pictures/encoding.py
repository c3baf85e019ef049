"""Encoding: pixels to bytes, in the container and at the quality that a style asks for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from threading import Lock
from typing import Any

import numpy as np
from PIL import Image, ImageFile
from PIL.PngImagePlugin import PngInfo

from shared.styles import Style
from worker.arrays import Grey, Mask, Rgb
from worker.pictures.images import Picture
from worker.pictures.metadata import Metadata
from worker.pictures.png import png_file


@dataclass(frozen=True, slots=True)
class Encoded:
    """A picture's file."""

    body: bytes
    #: JPEG, PNG, WEBP or AVIF.
    container: str
    #: Without a dot.
    extension: str
    content_type: str
    #: How it was encoded, in Pillow's words.
    options: Mapping[str, object]
    #: What it carries beside its pixels.
    metadata: Metadata


@dataclass(frozen=True, slots=True)
class Codec:
    """How a container is written."""

    extension: str
    content_type: str
    #: A style's wishes as Pillow's options.
    options: Callable[[Style], dict[str, object]]
    #: The longest side that it can hold, where that is short enough to matter.
    longest_side: int | None = None


def _jpeg(style: Style) -> dict[str, object]:
    return {
        "quality": style.jpeg_quality,
        "subsampling": style.jpeg_chroma,
        "progressive": style.jpeg_progressive,
    }


def _png(_: Style) -> dict[str, object]:
    # Higher levels cost seconds at full size and save a few per cent.
    return {"compress_level": 1}


def _webp(style: Style) -> dict[str, object]:
    # `exact` keeps what is under alpha.
    if style.webp_quality == "lossless":
        # Here quality and method are the effort.
        return {"lossless": True, "quality": 0, "method": 0, "exact": True}
    # Lossy WebP always halves the colour (4:2:0), up to 166 levels off on thin lines.
    return {"lossless": False, "quality": style.webp_quality, "exact": True}


def _avif(style: Style) -> dict[str, object]:
    # Speed 6, Pillow's own, takes four times as long and saves 7 %. One thread: items are
    # written side by side.
    return {"quality": style.avif_quality, "subsampling": "4:4:4", "speed": 8, "max_threads": 1}


#: Of strips, which are looked at and never rendered from.
STRIP_QUALITY = 80
#: Held while the size of Pillow's buffers grows.
ROOM = Lock()

CODECS: dict[str, Codec] = {
    "JPEG": Codec("jpg", "image/jpeg", _jpeg, 65_500),
    "PNG": Codec("png", "image/png", _png),
    "WEBP": Codec("webp", "image/webp", _webp, 16_383),
    "AVIF": Codec("avif", "image/avif", _avif),
}


def output_container(output_format: str, picture: Picture) -> str:
    """The container of a picture's results: JPEG, PNG, WEBP or AVIF.

    `source` keeps the source's own; what is not written becomes a PNG: a TIFF, which is a lossless
    master as a rule, a GIF, whose 256 colours would not do, and a picture whose sides the asked
    container cannot hold.
    """
    asked = picture.container if output_format == "source" else output_format.upper()
    codec = CODECS.get(asked)
    fits = codec and (codec.longest_side is None or max(picture.size) <= codec.longest_side)
    return asked if fits else "PNG"


def encode(picture: Picture, container: str, style: Style) -> Encoded:
    """Write a picture with its metadata; JPEG lays clear pixels on the style's background.

    Args:
        picture: What to write.
        container: JPEG, PNG, WEBP or AVIF, as `output_container` gives it.
        style: Quality, and which metadata stays.
    """
    codec, metadata = CODECS[container], Metadata.of(picture, style, container)
    options = codec.options(style)
    image = _flat_or_clear(picture, container, style.background)
    body = _written(image, container, options | _carried(metadata, container))
    return Encoded(body, container, codec.extension, codec.content_type, options, metadata)


def _written(image: Image.Image, container: str, options: dict[str, Any]) -> bytes:
    if container == "PNG":
        return png_file(image, **options)
    file = BytesIO()
    if options.get("progressive"):
        _make_room(6 * image.width * image.height)
    image.save(file, container, **options)
    return file.getvalue()


def _make_room(size: int) -> None:
    """See that the buffer of Pillow's encoders has so many bytes.

    A progressive JPEG leaves its encoder in one piece. Pillow guesses its size, too small where a
    picture is rich in detail, and then fails (Pillow #5448). It stays so for all that the process
    writes later: no memory, since a page that is never filled is never there, and no byte of a
    file, since only Pillow's PNGs are cut by it, and ours are not.
    """
    with ROOM:
        ImageFile.MAXBLOCK = max(ImageFile.MAXBLOCK, size)


def _flat_or_clear(picture: Picture, container: str, background: str) -> Image.Image:
    if container == "JPEG" or picture.alpha is None:
        return Image.fromarray(picture.flattened(background))
    return Image.fromarray(np.dstack([picture.rgb, picture.alpha]))


def _carried(metadata: Metadata, container: str) -> dict[str, object]:
    """Metadata as Pillow's options; a container without a place for dpi ignores them."""
    carried = {
        "icc_profile": metadata.icc,
        "exif": metadata.exif,
        "dpi": metadata.dpi and (metadata.dpi, metadata.dpi),
    } | _packet(metadata.xmp, container)
    return {name: value for name, value in carried.items() if value}


def _packet(xmp: bytes | None, container: str) -> dict[str, object]:
    if xmp is None or container != "PNG":
        return {"xmp": xmp}
    # Pillow drops a PNG's `xmp` without a word.
    texts = PngInfo()
    texts.add_itxt("XML:com.adobe.xmp", xmp.decode())
    return {"pnginfo": texts}


def encode_grey(grey: Grey) -> bytes:
    """Write grey levels as PNG, 8 bits a pixel."""
    return png_file(Image.fromarray(grey), compress_level=1)


def encode_strip(strip: Rgb) -> bytes:
    """Write small pictures for people to look at, as JPEG."""
    return _written(Image.fromarray(strip), "JPEG", {"quality": STRIP_QUALITY})


def encode_mask(mask: Grey | Mask) -> bytes:
    """Write a mask as PNG: 1 bit a pixel where it is hard, 8 where it is soft."""
    grey = mask.astype(np.uint8) * 255 if mask.dtype == np.bool_ else mask
    hard = not np.any((grey != 0) & (grey != 255))
    image = Image.fromarray(grey)
    flat = image.convert("1", dither=Image.Dither.NONE) if hard else image
    return png_file(flat, compress_level=1)
