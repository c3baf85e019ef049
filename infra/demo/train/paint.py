# mypy: disable-error-code="no-untyped-call,attr-defined,operator,no-any-return"
# diffusers and transformers publish their classes untyped; shapes are what matters here.
"""Measures the inpainter: is what was asked for what the judges see?"""

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from diffusers import StableDiffusionInpaintPipeline
from PIL import Image

from infra.demo.judges import Verdict, judge
from infra.demo.palette import COLOURS
from infra.demo.train.crops import Crop
from infra.demo.train.measure import true_area
from infra.demo.train.words import plain_caption
from infra.demo.wardrobe import PATTERNS, Garment


@dataclass(frozen=True)
class Recipe:
    """How the pipeline is called."""

    guidance: float = 6.5
    steps: int = 25
    strength: float = 1.0
    negative: str = ""
    ending: str = ""


@dataclass(frozen=True)
class Painted:
    """A crop, what was asked of it, the picture that came and what it shows."""

    crop: Crop
    asked: Garment
    image: Image.Image
    seen: Verdict


def load(folder: Path, device: str) -> StableDiffusionInpaintPipeline:
    """The saved pipeline as its users load it."""
    pipeline = StableDiffusionInpaintPipeline.from_pretrained(
        folder, dtype=torch.float32, safety_checker=None
    ).to(device)
    for part in (pipeline.unet, pipeline.vae):
        part.to(memory_format=torch.channels_last)  # halves the time of a step on a CPU
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def wishes(crops: list[Crop], count: int) -> list[tuple[Crop, Garment]]:
    """Each colour with each pattern in turn, neighbours unlike, on one crop after the other."""
    pairs = [(colour, pattern) for pattern in PATTERNS for colour in COLOURS]
    asked = [pairs[i * 13 % len(pairs)] for i in range(count)]
    return [
        (crop, replace(crop.garment, colour=colour, pattern=pattern))
        for crop, (colour, pattern) in zip(crops, asked, strict=False)
    ]


def paint(
    pipeline: StableDiffusionInpaintPipeline,
    wanted: list[tuple[Crop, Garment]],
    recipe: Recipe,
    batch: int = 8,
) -> list[Painted]:
    """All wishes painted, one sample each, and judged."""
    done: list[Painted] = []
    for start in range(0, len(wanted), batch):
        part = wanted[start : start + batch]
        images = _run(pipeline, part, recipe, start)
        done += [
            Painted(crop, asked, image, judge(image, true_area(crop)))
            for (crop, asked), image in zip(part, images, strict=True)
        ]
    return done


def _run(
    pipeline: StableDiffusionInpaintPipeline,
    part: list[tuple[Crop, Garment]],
    recipe: Recipe,
    seed: int,
) -> list[Image.Image]:
    prompts = [plain_caption(asked) + recipe.ending for _, asked in part]
    images: list[Image.Image] = pipeline(
        prompt=prompts,
        negative_prompt=[recipe.negative] * len(part),
        image=[Image.fromarray(crop.image) for crop, _ in part],
        mask_image=[Image.fromarray(crop.mask.astype(np.uint8) * 255) for crop, _ in part],
        height=128,
        width=128,
        guidance_scale=recipe.guidance,
        num_inference_steps=recipe.steps,
        strength=recipe.strength,
        generator=[torch.Generator("cpu").manual_seed(seed + i) for i in range(len(part))],
    ).images
    return images


def paint_figures(done: list[Painted]) -> dict[str, object]:
    """Shares of samples whose colour and pattern came out as asked."""
    total, right = Counter[str](), Counter[str]()
    missed = Counter[str]()
    for one in done:
        total[one.asked.pattern] += 1
        right[one.asked.pattern] += one.seen.pattern == one.asked.pattern
        if one.seen.colour != one.asked.colour:
            missed[f"{one.asked.colour} as {one.seen.colour}"] += 1
    return {
        "samples": len(done),
        "colour": round(1 - missed.total() / len(done), 4),
        "pattern": round(right.total() / len(done), 4),
        "by_pattern": {name: round(right[name] / total[name], 4) for name in total},
        "missed_colours": dict(missed.most_common()),
    }
