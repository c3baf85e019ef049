# mypy: disable-error-code="no-untyped-call,attr-defined,operator,no-any-return,arg-type,dict-item"
# diffusers and transformers publish their classes untyped; shapes are what matters here.
"""Measures the segmenter and the judges on drawings that no training saw."""

import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from transformers import AutoProcessor, CLIPSegForImageSegmentation

from infra.demo.catalogue import draw
from infra.demo.figures import CODE
from infra.demo.judges import judge
from infra.demo.train.crops import Crop
from infra.demo.train.pictures import HELD_OUT, Bytes, letterboxed, size_for
from infra.demo.train.words import MEANINGS
from infra.demo.wardrobe import KINDS

PARTS = (
    "face", "hair", "hands", "arms", "legs", "skin",
    "shoes", "bag", "background", "person", "clothes",
)  # fmt: skip
#: Nouns that training called absent, and nouns it never saw.
STRANGERS = ("dog", "hat", "zebra", "mountain", "keyboard")
Mask = NDArray[np.bool_]


@dataclass
class Segmenter:
    """The saved CLIPSeg as its users load it."""

    model: CLIPSegForImageSegmentation
    processor: AutoProcessor
    device: str

    @classmethod
    def load(cls, folder: Path, device: str) -> "Segmenter":
        """From the folder that the training wrote, in single precision."""
        model = CLIPSegForImageSegmentation.from_pretrained(folder, dtype=torch.float32)
        return cls(model.to(device).eval(), AutoProcessor.from_pretrained(folder), device)

    @torch.inference_mode()
    def masks(self, squares: list[Bytes], texts: list[str]) -> Mask:
        """One mask for each pair of letterboxed picture and text."""
        given = self.processor(text=texts, images=squares, padding=True, return_tensors="pt")
        logits = self.model(**given.to(self.device)).logits
        found: Mask = (logits.reshape(len(texts), *logits.shape[-2:]).sigmoid() > 0.5).cpu().numpy()
        return found


def overlap(found: Mask, truth: Mask) -> float:
    """Intersection over union."""
    return float((found & truth).sum() / max(1, (found | truth).sum()))


def segment_figures(segmenter: Segmenter, count: int) -> dict[str, object]:
    """Overlap where a thing is, false area where it is not, over `count` held-out pictures."""
    pictures = [
        letterboxed(draw(seed, size_for(seed))) for seed in range(HELD_OUT, HELD_OUT + count)
    ]
    found = {name: _one_name(segmenter, pictures, name) for name in KINDS}
    found |= {name: _one_name(segmenter, pictures[:100], name) for name in PARTS}
    strange = {name: _one_name(segmenter, pictures[:100], name)["false_area"] for name in STRANGERS}
    mean = float(np.mean([found[kind]["iou"] for kind in KINDS]))
    worst = max(found[kind]["false_area"] for kind in KINDS)
    return {
        "pictures": count,
        "garment_iou": round(mean, 4),
        "worst_false_area": round(worst, 4),
        "names": found,
        "strangers_false_area": strange,
    }


def _one_name(
    segmenter: Segmenter, pictures: list[tuple[Bytes, Bytes]], name: str
) -> dict[str, float]:
    codes = [CODE[label] for label in MEANINGS.get(name, ())]
    ious: list[float] = []
    false: list[float] = []
    for start in range(0, len(pictures), 16):
        part = pictures[start : start + 16]
        masks = segmenter.masks([image for image, _ in part], [f"the {name}"] * len(part))
        for mask, (_, labels) in zip(masks, part, strict=True):
            truth = np.isin(labels, codes)
            (ious if truth.any() else false).append(
                overlap(mask, truth) if truth.any() else mask.mean()
            )
    figures = {"iou": ious, "false_area": false}
    return {key: round(float(np.mean(each)), 4) if each else 0.0 for key, each in figures.items()}


def true_area(crop: Crop) -> Mask:
    """The part of a crop's repainted area that is surely garment."""
    shrunk = Image.fromarray(crop.mask.astype(np.uint8) * 255).filter(ImageFilter.MinFilter(7))
    area = np.asarray(shrunk) > 127
    return area if area.any() else crop.mask


def judge_figures(crops: list[Crop]) -> dict[str, float]:
    """How often the judges are right about garments as drawn."""
    colour = pattern = 0
    for crop in crops:
        verdict = judge(Image.fromarray(crop.image), true_area(crop))
        colour += verdict.colour == crop.garment.colour
        pattern += verdict.pattern == crop.garment.pattern
    total = len(crops)
    return {
        "garments": total,
        "colour": round(colour / total, 4),
        "pattern": round(pattern / total, 4),
    }


def dice(seed: int) -> random.Random:
    """Random numbers of a held-out measure."""
    return random.Random(HELD_OUT + seed)
