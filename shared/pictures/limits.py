"""Limits: what a picture may measure; all of it is known before anything is decoded."""

from dataclasses import dataclass
from typing import TypeAlias

from shared.errors import (
    ImageBomb,
    ImagePlaceholder,
    ImageTooLarge,
    ImageTooNarrow,
    ImageTooSmall,
)

#: Width and height in pixels.
Size: TypeAlias = tuple[int, int]

#: A garment needs some pixels: the least width and height of a source.
LEAST_SIDE = 64
#: Shops put pictures of this side or less where they have none: tracking pixels, spacers.
PLACEHOLDER_SIDE = 2
#: The longer side over the shorter one, at most: beyond it no square shows a garment.
MAX_ASPECT = 8
#: Over the limits *and* under this many bits a pixel, a file is taken for a decompression bomb:
#: photographs have 0.5 and more, a blank page has 0.13 as a JPEG and 0.01 as a PNG.
BOMB_BITS_PER_PIXEL = 0.2


@dataclass(frozen=True, slots=True)
class Limits:
    """What a picture may measure; checked before it is decoded."""

    max_bytes: int
    #: Width and height, in pixels.
    max_side: int
    max_pixels: int

    def check_bytes(self, byte_count: int, *, source: str) -> None:
        """Refuse a file that is too large, before its bytes are fetched.

        Raises:
            ImageTooLarge: It is.
        """
        if byte_count > self.max_bytes:
            limit = f"{self.max_bytes:,} bytes"
            raise ImageTooLarge(source=source, size=f"{byte_count:,} bytes", limit=limit)

    def check_size(self, size: Size, byte_count: int, *, source: str) -> None:
        """Refuse what its header says is too large.

        Raises:
            ImageBomb: Too large, and nearly nothing in it.
            ImageTooLarge: Too large.
        """
        limit = self._exceeded(size)
        if not limit:
            return
        if 8 * byte_count < BOMB_BITS_PER_PIXEL * size[0] * size[1]:
            claim = f"{sides(size)} in {byte_count:,} bytes"
            raise ImageBomb(source=source, reason=f"it claims {claim}, the limit is {limit}")
        raise ImageTooLarge(source=source, size=sides(size), limit=limit)

    def _exceeded(self, size: Size) -> str:
        """The limit that a size exceeds, in words; empty where it exceeds none."""
        if max(size) > self.max_side:
            return f"{self.max_side:,} px a side"
        return f"{self.max_pixels:,} pixels" if size[0] * size[1] > self.max_pixels else ""


def check_shape(size: Size, *, source: str) -> None:
    """Refuse a source that cannot show a garment.

    Raises:
        ImagePlaceholder: A dot in place of a picture.
        ImageTooSmall: A side under 64 px.
        ImageTooNarrow: One side over eight times the other.
    """
    if max(size) <= PLACEHOLDER_SIDE:
        raise ImagePlaceholder(source=source, size=sides(size))
    if min(size) < LEAST_SIDE:
        raise ImageTooSmall(source=source, size=sides(size), limit=f"{LEAST_SIDE} px a side")
    if max(size) > MAX_ASPECT * min(size):
        aspect = f"{max(size) / min(size):.1f}"
        raise ImageTooNarrow(source=source, size=sides(size), aspect=aspect, limit=MAX_ASPECT)


def sides(size: Size) -> str:
    """A size in words: `800 x 1200 px`."""
    return f"{size[0]} x {size[1]} px"
