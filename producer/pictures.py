"""Pictures of the catalogue, opened within limits; whatever is wrong with one is named."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from shared.errors import ImageError, ImageTooLarge, ImageUnreadable

#: Containers that the catalogue and the worker use; nothing else is even probed.
FORMATS = ("JPEG", "PNG", "WEBP", "TIFF")

#: uint8, H x W x channels: 1 for a mask, 3 for a picture, 4 for one with transparency.
Samples: TypeAlias = NDArray[np.uint8]


@contextmanager
def opened(raw: bytes, address: str, max_pixels: int) -> Iterator[Image.Image]:
    """A picture's file, open and not yet decoded; what fails while it is used is its own fault.

    Args:
        raw: The file.
        address: Names the picture in errors.
        max_pixels: Larger pictures are refused before they are decoded.

    Raises:
        ImageTooLarge: Over the limit.
        ImageUnreadable: No picture, or a damaged one.
    """
    try:
        with Image.open(io.BytesIO(raw), formats=FORMATS) as picture:
            _check_size(picture, address, max_pixels)
            yield picture
    except ImageError:
        raise
    except Exception as error:
        # Decoders raise whatever they like on hostile bytes, MemoryError among it.
        reason = "its bytes are no picture" if isinstance(error, OSError) else repr(error)
        raise ImageUnreadable(source=address, reason=reason) from error


def samples(raw: bytes, address: str, max_pixels: int) -> Samples:
    """Every decoded sample of a result or mask as it is stored; raises as `opened`."""
    with opened(raw, address, max_pixels) as picture:
        array = np.asarray(picture.convert(_mode(picture)))
    return array.reshape(*array.shape[:2], -1)


def _mode(picture: Image.Image) -> str:
    if picture.has_transparency_data:
        return "RGBA"
    return "L" if picture.mode in {"1", "L"} else "RGB"


def _check_size(picture: Image.Image, address: str, max_pixels: int) -> None:
    width, height = picture.size
    if width * height > max_pixels:
        size, limit = f"{width} x {height} pixels", f"{max_pixels} pixels"
        raise ImageTooLarge(source=address, size=size, limit=limit)
