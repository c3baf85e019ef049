"""Fitting: a result's picture at another size, as one was asked for; never stretched."""

import io
from collections.abc import Mapping
from typing import Any

from PIL import Image

from producer.pictures import opened

#: How each container is written again.
OPTIONS: Mapping[str | None, dict[str, Any]] = {
    "JPEG": {"quality": 95, "subsampling": 0},
    "PNG": {"compress_level": 1},
    "WEBP": {"lossless": True},
    "AVIF": {"quality": 90},
}


def fitted(raw: bytes, address: str, side: int, max_pixels: int) -> bytes:
    """The picture's file, its longer side this long; unchanged where it is already.

    Args:
        raw: The file.
        address: Names the picture in errors.
        side: In pixels.
        max_pixels: A larger picture is refused before it is decoded.

    Raises:
        ImageError: It cannot be decoded.
    """
    with opened(raw, address, max_pixels) as picture:
        longer = max(picture.size)
        if longer == side:
            return raw
        width, height = (max(round(length * side / longer), 1) for length in picture.size)
        small = picture.resize((width, height), Image.Resampling.LANCZOS)
        sink = io.BytesIO()
        profile = picture.info.get("icc_profile")
        kept = {"icc_profile": profile} if profile else {}
        small.save(sink, picture.format, **OPTIONS.get(picture.format, {}), **kept)
    return sink.getvalue()
