"""Pictures of the catalogue, opened within limits; whatever is wrong with one is named."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from shared.pictures.header import open_picture, reading
from shared.pictures.limits import Limits
from shared.pictures.signatures import HEAD_BYTES

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
        ImageError: It cannot be used, in the words in which a worker would say it.
    """
    limits = Limits(max_bytes=len(raw), max_side=max_pixels, max_pixels=max_pixels)
    with (
        reading(raw[:HEAD_BYTES], source=address, limits=limits),
        open_picture(
            io.BytesIO(raw), byte_count=len(raw), source=address, limits=limits
        ) as picture,
    ):
        yield picture


def samples(raw: bytes, address: str, max_pixels: int) -> Samples:
    """Every decoded sample of a result or mask as it is stored; raises as `opened`."""
    with opened(raw, address, max_pixels) as picture:
        array = np.asarray(picture.convert(_mode(picture)))
    return array.reshape(*array.shape[:2], -1)


def _mode(picture: Image.Image) -> str:
    if picture.has_transparency_data:
        return "RGBA"
    return "L" if picture.mode in {"1", "L"} else "RGB"
