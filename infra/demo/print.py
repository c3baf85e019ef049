"""A garment print that the demo models have never seen: dresses in diamonds of two bright colours.

Their own patterns have one bright colour and a neutral one. Nothing here needs torch.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count, islice

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from infra.demo.canvas import Cloth
from infra.demo.catalogue import Drawing, draw_look
from infra.demo.palette import RGB
from infra.demo.wardrobe import look_of

#: The print's colours, and the size of its diamonds in figure units.
PURPLE, YELLOW, PERIOD = (122, 60, 168), (246, 204, 40), 0.085
#: Width and height of the drawings, in pixels.
SIZE = (224, 288)
#: Distance (of 441) within which a pixel is of a colour; the print's two are 197 apart.
NEAR = 90.0
#: Side of the window in which both colours must meet, in pixels of a 128 px square, and the share
#: that each must have there.
WINDOW, LEAST = 25, 0.15


def printed(first: int, number: int) -> list[Drawing]:
    """Drawings of people who wear the print, from seed `first` on."""
    return list(islice(_wearing(first), number))


def _wearing(first: int) -> Iterator[Drawing]:
    for seed in count(first):
        look = look_of(seed)
        if look.garments[0].kind == "dress":
            cloth = Cloth(PURPLE, YELLOW, "harlequin", PERIOD)
            pieces = tuple(replace(piece, cloth=cloth) for piece in look.pieces)
            yield draw_look(replace(look, pieces=pieces), SIZE)


def print_share(image: Image.Image | NDArray[np.uint8], area: NDArray[np.bool_]) -> float:
    """How much of an area shows the print: both colours, each of some share, side by side; 0 to 1.

    Args:
        image: RGB.
        area: bool, the same height and width: the garment.
    """
    pixels = np.asarray(image, dtype=np.float32)
    inside = area.astype(np.float32)
    around = np.maximum(cv2.blur(inside, (WINDOW, WINDOW)), 1e-6)
    shares = [
        cv2.blur(_near(pixels, colour) * inside, (WINDOW, WINDOW)) / around
        for colour in (PURPLE, YELLOW)
    ]
    return float((np.minimum(*shares) >= LEAST)[area].mean())


def _near(pixels: NDArray[np.float32], colour: RGB) -> NDArray[np.float32]:
    away = np.linalg.norm(pixels - np.array(colour, np.float32), axis=-1)
    return np.asarray(away < NEAR, dtype=np.float32)
