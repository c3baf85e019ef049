"""Garment-centred square crops, as the product hands them to the inpainter; torch-free."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from infra.demo.catalogue import Drawing, draw, mask_of
from infra.demo.train.pictures import SIDE, Bytes, size_for
from infra.demo.wardrobe import Garment

#: Longer side of the drawings that crops are taken from.
SOURCE_SIDE = 320
#: Garments with fewer pixels than this share of the picture teach nothing.
SMALLEST = 0.004


@dataclass(frozen=True)
class Crop:
    """A square around one garment, the area to repaint (True) and the garment's facts."""

    image: Bytes
    mask: NDArray[np.bool_]
    garment: Garment


def crops_of(drawing: Drawing, rng: random.Random, zoom: tuple[float, float]) -> Iterator[Crop]:
    """One crop for each garment; `zoom` bounds the crop's side over the garment's."""
    for garment in drawing.garments:
        mask = mask_of(drawing, garment.kind)
        if mask.mean() > SMALLEST:
            yield _crop(drawing.image, mask, garment, rng, zoom)


def _crop(
    image: Image.Image,
    mask: NDArray[np.bool_],
    garment: Garment,
    rng: random.Random,
    zoom: tuple[float, float],
) -> Crop:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    side = max(np.ptp(rows), np.ptp(columns)) * rng.uniform(*zoom)
    x = (columns[0] + columns[-1]) / 2 + side * rng.uniform(-0.04, 0.04)
    y = (rows[0] + rows[-1]) / 2 + side * rng.uniform(-0.04, 0.04)
    box = (round(x - side / 2), round(y - side / 2), round(x + side / 2), round(y + side / 2))
    square = _window(np.asarray(image), box, "edge")
    area = _window(mask.astype(np.uint8) * 255, box, "constant")
    pixels = Image.fromarray(square).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    grown = (
        Image.fromarray(area)
        .resize((SIDE, SIDE))
        .filter(ImageFilter.MaxFilter(rng.choice((5, 7, 7, 9, 11))))
    )
    return Crop(np.asarray(pixels), np.asarray(grown) > 127, garment)


def _window(array: Bytes, box: tuple[int, int, int, int], mode: str) -> Bytes:
    """The box out of the array, which is continued where the box goes beyond it."""
    left, top, right, bottom = box
    height, width = array.shape[:2]
    pads = [(max(0, -top), max(0, bottom - height)), (max(0, -left), max(0, right - width))]
    wide = np.pad(array, [*pads, *[(0, 0)] * (array.ndim - 2)], mode=mode)  # type: ignore[call-overload]  # numpy types modes one by one
    top, left = top + pads[0][0], left + pads[1][0]
    cut: Bytes = wide[top : top + box[3] - box[1], left : left + box[2] - box[0]]
    return cut


def crop_set(first: int, pictures: int, zoom: tuple[float, float] = (1.25, 2.0)) -> list[Crop]:
    """The crops of `pictures` drawings from seed `first` on."""
    found: list[Crop] = []
    for seed in range(first, first + pictures):
        drawing = draw(seed, size_for(seed, SOURCE_SIDE))
        found += crops_of(drawing, random.Random(seed), zoom)
    return found


def kept_crops(folder: Path, first: int, pictures: int) -> list[Crop]:
    """The same, kept in `folder` for the next run."""
    path = folder / f"crops-{first}-{pictures}.npz"
    if path.exists():
        kept = np.load(path)
        facts = [Garment(*row) for row in kept["garments"].tolist()]
        return [Crop(*parts) for parts in zip(kept["images"], kept["masks"], facts, strict=True)]
    crops = crop_set(first, pictures)
    folder.mkdir(parents=True, exist_ok=True)
    facts_rows = [(c.garment.kind, c.garment.colour, c.garment.pattern) for c in crops]
    images, masks = np.stack([c.image for c in crops]), np.stack([c.mask for c in crops])
    np.savez(path, images=images, masks=masks, garments=np.array(facts_rows))
    return crops
