# mypy: disable-error-code="no-untyped-call,attr-defined,operator,no-any-return"
# diffusers and transformers publish their classes untyped; shapes are what matters here.
"""`python -m infra.demo.train.evaluate`: figures and a contact picture of the demo models.

Everything is measured on held-out seeds of the same drawn catalogue; nothing here says
anything about photographs.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import StableDiffusionInpaintPipeline
from PIL import Image

from infra.demo.catalogue import draw
from infra.demo.train.crops import Crop, crop_set
from infra.demo.train.measure import Segmenter, dice, judge_figures, segment_figures
from infra.demo.train.measure_labels import label_figures
from infra.demo.train.paint import Recipe, load, paint, paint_figures, wishes
from infra.demo.train.pictures import HELD_OUT, letterboxed

MODELS = Path(__file__).parents[1] / "models"
#: The folders of the models.
MADE = ("clipseg", "segformer", "inpaint")
#: The recipes that are measured, the style defaults first, and the share of samples each gets.
RECIPES = {
    "defaults": (Recipe(), 1.0),
    "guidance 4": (Recipe(guidance=4.0), 0.25),
    "20 steps, long prompt": (Recipe(steps=20, ending=", photorealistic, high quality"), 0.25),
    "negative prompt": (Recipe(negative="blurry, low quality"), 0.25),
    "strength 0.8": (Recipe(strength=0.8), 0.25),
}
#: Production crops at 1.5 times the garment's longer side.
ZOOM = (1.5, 1.5)


def evaluate(models: Path, device: str, pictures: int, samples: int) -> Iterator[dict[str, Any]]:
    """The figures, part by part as they are ready; the contact picture is written last."""
    segmenter = Segmenter.load(models / "clipseg", device)
    pipeline = load(models / "inpaint", device)
    crops = mixed_crops(max(samples, 300))
    yield {"bytes": {name: folder_bytes(models / name) for name in MADE}}
    yield {"judges_on_drawn_garments": judge_figures(crops[:300])}
    if pictures:
        yield {"clipseg": segment_figures(segmenter, pictures)}
        yield {"segformer": label_figures(models / "segformer", device, pictures)}
    if samples:
        yield {"inpaint": paint_all(pipeline, crops, samples)}
    contact_picture(segmenter, pipeline).save(models / "contact.png", optimize=True)


def mixed_crops(count: int) -> list[Crop]:
    """Held-out crops in no order, so that colours and garments meet by chance."""
    crops = crop_set(HELD_OUT, count, ZOOM)
    dice(0).shuffle(crops)
    return crops


def paint_all(
    pipeline: StableDiffusionInpaintPipeline, crops: list[Crop], samples: int
) -> dict[str, object]:
    """The figures of each recipe."""
    return {
        name: paint_figures(paint(pipeline, wishes(crops, round(samples * share)), recipe))
        for name, (recipe, share) in RECIPES.items()
    }


def folder_bytes(folder: Path) -> int:
    """The size of all files in a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def contact_picture(
    segmenter: Segmenter, pipeline: StableDiffusionInpaintPipeline, count: int = 16
) -> Image.Image:
    """Above: pictures and the masks of a garment. Below: crops before and as asked, unpasted."""
    seeds = range(HELD_OUT + 5000, HELD_OUT + 5000 + count)
    drawings = [draw(seed, (96, 128)) for seed in seeds]
    squares = [letterboxed(drawing)[0] for drawing in drawings]
    names = [f"the {drawing.garments[-1].kind}" for drawing in drawings]
    masks = segmenter.masks(squares, names)
    crops = [crop_set(seed, 1, ZOOM)[-1] for seed in seeds]
    painted = paint(pipeline, wishes(crops, count), Recipe())
    rows = [
        [Image.fromarray(square) for square in squares],
        [Image.fromarray(mask.astype(np.uint8) * 255).convert("RGB") for mask in masks],
        [Image.fromarray(crop.image) for crop in crops],
        [one.image for one in painted],
    ]
    return sheet([row[half : half + 8] for half in (0, 8) for row in rows])


def sheet(rows: list[list[Image.Image]]) -> Image.Image:
    """Pictures in rows, 128 pixels each, in 256 colours."""
    out = Image.new("RGB", (128 * len(rows[0]), 128 * len(rows)))
    for y, row in enumerate(rows):
        for x, image in enumerate(row):
            out.paste(image, (128 * x, 128 * y))
    return out.quantize(256)


def main(arguments: list[str] | None = None) -> None:
    """Measures the models in a folder and writes figures.json and contact.png into it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, default=MODELS)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--pictures", type=int, default=400, help="0: keep the figures")
    parser.add_argument("--samples", type=int, default=96, help="0: keep the figures")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    given = parser.parse_args(arguments)
    torch.set_num_threads(given.threads)
    path = given.models / "figures.json"
    figures = json.loads(path.read_text()) if path.exists() else {}
    for part in evaluate(given.models, given.device, given.pictures, given.samples):
        figures |= part
        path.write_text(json.dumps(figures, indent=2) + "\n")
    print(path.read_text())


if __name__ == "__main__":
    main()
