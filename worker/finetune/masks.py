"""Masks drawn at random: boxes and ellipses, and the brush strokes of free-form inpainting.

Strokes are those of Yu et al. 2019 (arXiv 1806.03589, its algorithm 1): a walk of a few turns
whose angle mostly alternates. Boxes and ellipses are what the DreamBooth script for inpainting
draws. Torch-free.
"""

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from worker.arrays import Grey

#: Sides of boxes and axes of ellipses, as shares of the square's side.
SHARES = (0.3, 0.9)
#: Turns of a stroke, and strokes of a mask.
TURNS, STROKES = (4, 12), (1, 4)
#: Width of a brush and length of a turn, as shares of the side.
BRUSH, REACH = (0.06, 0.16), (0.1, 0.35)
#: Mean angle of a turn and how far it varies, in radians.
ANGLE, SPREAD = 2 * np.pi / 5, 2 * np.pi / 15
#: Most that a known mask grows, as a share of the side: masks found by text are never exact.
GROWTH = 0.06


def random_mask(side: int, rng: np.random.Generator) -> Grey:
    """A mask that says nothing of the picture: uint8, side x side, 255 = repaint, never empty."""
    shape = SHAPES[int(rng.integers(len(SHAPES)))]
    mask = np.zeros((side, side), np.uint8)
    shape(mask, rng)
    return mask


def grown(mask: Grey, rng: np.random.Generator) -> Grey:
    """A known mask of a square, grown by a random breadth."""
    pixels = int(rng.integers(0, 1 + round(GROWTH * len(mask))))
    if not pixels:
        return mask
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * pixels + 1, 2 * pixels + 1))
    return np.asarray(cv2.dilate(mask, disc), dtype=np.uint8)


def _box(mask: Grey, rng: np.random.Generator) -> None:
    side = len(mask)
    height, width = _lengths(side, rng)
    top, left = (int(rng.integers(0, side - length + 1)) for length in (height, width))
    mask[top : top + height, left : left + width] = 255


def _ellipse(mask: Grey, rng: np.random.Generator) -> None:
    side = len(mask)
    height, width = _lengths(side, rng)
    centre = tuple(int(rng.integers(length // 2, side - length // 2)) for length in (width, height))
    cv2.ellipse(mask, centre, (width // 2, height // 2), 0.0, 0.0, 360.0, 255, -1)


def _strokes(mask: Grey, rng: np.random.Generator) -> None:
    for _ in range(int(rng.integers(*STROKES))):
        _stroke(mask, rng)


def _stroke(mask: Grey, rng: np.random.Generator) -> None:
    side = len(mask)
    width = max(1, round(side * rng.uniform(*BRUSH)))
    here = rng.uniform(0, side, 2)
    for turn in range(int(rng.integers(*TURNS))):
        angle = rng.uniform(ANGLE - SPREAD, ANGLE + SPREAD)
        angle = 2 * np.pi - angle if turn % 2 == 0 else angle
        way = side * rng.uniform(*REACH) * np.array([np.cos(angle), np.sin(angle)])
        there = np.clip(here + way, 0, side - 1)
        cv2.line(mask, _point(here), _point(there), 255, width)
        cv2.circle(mask, _point(there), width // 2, 255, -1)
        here = there


def _lengths(side: int, rng: np.random.Generator) -> tuple[int, int]:
    low, high = (round(side * share) for share in SHARES)
    return int(rng.integers(low, high)), int(rng.integers(low, high))


def _point(place: npt.NDArray[np.float64]) -> tuple[int, int]:
    return int(place[0]), int(place[1])


#: Each as often as the others.
SHAPES: tuple[Callable[[Grey, np.random.Generator], None], ...] = (_box, _ellipse, _strokes)
