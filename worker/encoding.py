"""Encoding: pixels to bytes; what a result keeps of its source."""

from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image

from worker.arrays import Grey, Mask
from worker.images import Picture


@dataclass(frozen=True, slots=True)
class Encoded:
    """A picture's file."""

    body: bytes
    #: Without a dot.
    extension: str
    content_type: str


#: How a container is written: its extension, its content type, and Pillow's options.
WRITERS: dict[str, tuple[str, str, dict[str, int]]] = {
    # 4:4:4: halved colour would smear the garment's edge. Visibly lossless, and fast.
    "JPEG": ("jpg", "image/jpeg", {"quality": 95, "subsampling": 0}),
    # Higher levels cost seconds at full size and save a few per cent.
    "PNG": ("png", "image/png", {"compress_level": 1}),
    # Lossless: lossy WebP always halves the colour (4:2:0), up to 166 levels off on thin lines.
    # Of a lossless picture, quality and method are the effort; `exact` keeps what is under alpha.
    "WEBP": ("webp", "image/webp", {"lossless": 1, "quality": 0, "method": 0, "exact": 1}),
}

#: The longest side that a container can hold, where that is short enough to matter.
LONGEST_SIDE = {"JPEG": 65_500, "WEBP": 16_383}


def output_container(output_format: str, picture: Picture) -> str:
    """The container of a picture's results: JPEG, PNG or WEBP.

    `source` keeps the source's own; a TIFF, which is a lossless master as a rule, becomes a PNG.
    So does a picture whose sides the asked container cannot hold.
    """
    asked = picture.container if output_format == "source" else output_format.upper()
    fits = max(picture.size) <= LONGEST_SIDE.get(asked, max(picture.size))
    return asked if asked in WRITERS and fits else "PNG"


def encode(picture: Picture, container: str, *, background: str) -> Encoded:
    """Write a picture with its profile and EXIF; JPEG lays clear pixels on the background.

    Args:
        picture: What to write.
        container: JPEG, PNG or WEBP, as `output_container` gives it.
        background: `#rrggbb`.
    """
    extension, content_type, options = WRITERS[container]
    image = _flat_or_clear(picture, container, background)
    kept = {"icc_profile": picture.icc, "exif": picture.exif}
    file = BytesIO()
    image.save(file, container, **options, **{key: kept[key] for key in kept if kept[key]})
    return Encoded(file.getvalue(), extension, content_type)


def _flat_or_clear(picture: Picture, container: str, background: str) -> Image.Image:
    if container == "JPEG" or picture.alpha is None:
        return Image.fromarray(picture.flattened(background))
    return Image.fromarray(np.dstack([picture.rgb, picture.alpha]))


def encode_mask(mask: Grey | Mask) -> bytes:
    """Write a mask as PNG: 1 bit a pixel where it is hard, 8 where it is soft."""
    grey = mask.astype(np.uint8) * 255 if mask.dtype == np.bool_ else mask
    hard = not np.any((grey != 0) & (grey != 255))
    file = BytesIO()
    image = Image.fromarray(grey)
    (image.convert("1", dither=Image.Dither.NONE) if hard else image).save(
        file, "PNG", compress_level=1
    )
    return file.getvalue()
