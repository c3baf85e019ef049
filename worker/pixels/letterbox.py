"""Letterbox: a picture inside a square, never stretched, and the way back."""

from dataclasses import dataclass

import cv2
import numpy as np

from worker.arrays import Maps, Rgb, Size
from worker.pixels.scaling import scale


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the picture lies in its square, in whole pixels of the square."""

    left: int
    top: int
    width: int
    height: int
    #: Side of the square.
    side: int

    @classmethod
    def of(cls, size: Size, side: int) -> "Placement":
        """The largest centred rectangle of a picture's shape, at least a pixel thin."""
        width, height = (max(1, round(length * side / max(size))) for length in size)
        return cls((side - width) // 2, (side - height) // 2, width, height, side)

    @property
    def box(self) -> tuple[slice, slice]:
        """Its rows and columns in the square."""
        rows = slice(self.top, self.top + self.height)
        return rows, slice(self.left, self.left + self.width)


def letterbox(rgb: Rgb, side: int, fill: tuple[int, int, int]) -> tuple[Rgb, Placement]:
    """Scale a picture to fit a square and centre it on a colour.

    Args:
        rgb: uint8, H x W x 3.
        side: Side of the square in pixels.
        fill: Colour of the bars, as red, green, blue.

    Returns:
        uint8, side x side x 3, and where the picture lies in it.
    """
    place = Placement.of((rgb.shape[1], rgb.shape[0]), side)
    inside = scale(rgb, (place.width, place.height))
    right, below = side - place.left - place.width, side - place.top - place.height
    bars = (place.top, below, place.left, right)
    square = cv2.copyMakeBorder(inside, *bars, cv2.BORDER_CONSTANT, value=fill)
    return np.asarray(square, dtype=np.uint8), place


def unletterbox(maps: Maps, placement: Placement, size: Size) -> Maps:
    """Cut the bars off maps over the square and scale the rest to the picture's size.

    Args:
        maps: float32, P x side x side.
        placement: As `letterbox` gave it.
        size: The picture's width and height.

    Returns:
        float32, P x H x W; bilinear, so no value leaves the range of its map.
    """
    width, height = size
    whole = np.empty((len(maps), height, width), dtype=np.float32)
    for part, target in zip(maps, whole, strict=True):
        inside = np.ascontiguousarray(part[placement.box], dtype=np.float32)
        cv2.resize(inside, size, dst=target, interpolation=cv2.INTER_LINEAR)
    return whole
