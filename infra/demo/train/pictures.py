"""Training pictures as arrays, drawn once and kept; torch-free."""

import random
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from infra.demo.catalogue import Drawing, draw
from infra.demo.wardrobe import Garment, look_of

Bytes = NDArray[np.uint8]
#: The colour that is zero after CLIP's normalisation: what letterboxing pads with.
PAD = (123, 117, 104)
SIDE = 128
#: Width over height of the catalogue's pictures, and how often each comes.
ASPECTS = ((2 / 3, 5), (3 / 4, 5), (4 / 5, 4), (1.0, 4), (4 / 3, 2), (0.56, 1))
#: Seeds from here on are never trained on.
HELD_OUT = 1_000_000


def size_for(seed: int, side: int = SIDE) -> tuple[int, int]:
    """The width and height that go with a seed, the longer being `side`."""
    rng = random.Random(seed * 7919 + 1)
    aspect = rng.choices([a for a, _ in ASPECTS], [w for _, w in ASPECTS])[0]
    return (round(side * aspect), side) if aspect <= 1 else (side, round(side / aspect))


def letterboxed(drawing: Drawing) -> tuple[Bytes, Bytes]:
    """Picture and labels in the middle of a padded square."""
    width, height = drawing.image.size
    side = max(width, height)
    left, top = (side - width) // 2, (side - height) // 2
    square = Image.new("RGB", (side, side), PAD)
    square.paste(drawing.image, (left, top))
    labels = np.zeros((side, side), np.uint8)
    labels[top : top + height, left : left + width] = drawing.labels
    return np.asarray(square), labels


def letterboxed_set(folder: Path, first: int, count: int) -> tuple[Bytes, Bytes]:
    """`count` letterboxed pictures and labels from seed `first` on, cached in `folder`."""
    path = folder / f"squares-{first}-{count}.npz"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        pairs = [letterboxed(draw(seed, size_for(seed))) for seed in range(first, first + count)]
        np.savez(
            path, images=np.stack([p[0] for p in pairs]), labels=np.stack([p[1] for p in pairs])
        )
    kept = np.load(path)
    return kept["images"], kept["labels"]


def garments_of(first: int, count: int) -> list[tuple[Garment, ...]]:
    """The facts of the same pictures."""
    return [look_of(seed).garments for seed in range(first, first + count)]
