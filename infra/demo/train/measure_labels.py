"""Measures the segmenter that knows labels, through the code that renders with it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from infra.demo.catalogue import LABELS, draw
from infra.demo.train.measure import Mask, overlap
from infra.demo.train.pictures import HELD_OUT, Bytes, letterboxed, size_for
from infra.demo.wardrobe import KINDS
from worker.models.load import load_segmenter
from worker.segment.protocol import Segmenter, SegmentRequest

#: Pictures in a call.
CALL = 16


@dataclass(frozen=True)
class Truth:
    """A held-out picture in its square, and what each pixel is."""

    picture: Bytes
    labels: Bytes


def label_figures(folder: Path, device: str, count: int) -> dict[str, object]:
    """Overlap where a label is, false area where it is not, over `count` held-out pictures."""
    segmenter = load_segmenter(folder, device)
    seeds = range(HELD_OUT, HELD_OUT + count)
    truths = [Truth(*letterboxed(draw(seed, size_for(seed)))) for seed in seeds]
    starts = range(0, count, CALL)
    masks = [mask for start in starts for mask in _found(segmenter, truths[start : start + CALL])]
    names = {name: _figures(truths, masks, place) for place, name in enumerate(LABELS)}
    return {
        "pictures": count,
        "garment_iou": round(float(np.mean([names[kind]["iou"] for kind in KINDS])), 4),
        "worst_false_area": max(names[kind]["false_area"] for kind in KINDS),
        "names": names,
    }


def _found(segmenter: Segmenter, truths: list[Truth]) -> list[Mask]:
    """Per picture, a mask of each label at the threshold of 0.5."""
    asked = [SegmentRequest(model="", picture=one.picture, prompts=LABELS) for one in truths]
    return [logits > 0 for logits in segmenter.segment(asked)]


def _figures(truths: list[Truth], masks: list[Mask], label: int) -> dict[str, float]:
    pairs = [(mask[label], one.labels == label) for mask, one in zip(masks, truths, strict=True)]
    figures = {
        "iou": [overlap(mask, truth) for mask, truth in pairs if truth.any()],
        "false_area": [float(mask.mean()) for mask, truth in pairs if not truth.any()],
    }
    return {key: round(float(np.mean(each)), 4) if each else 0.0 for key, each in figures.items()}
