"""`python -m infra.bench.mates`: how far batch mates move a picture; behind the replay's tolerance.

The demo's models paint drawings alone and in batches; what differs is rounding and nothing else.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from infra.demo import services
from infra.demo.catalogue import draw
from producer.likeness import Likeness, likeness, mask_likeness
from producer.pictures import Samples
from producer.tolerance import TOLERANCE_LEVELS
from shared.facts import Call
from shared.fingerprint import variant_seed
from shared.styles import Style
from worker.arrays import Rgb
from worker.inpaint.protocol import InpaintRequest
from worker.models.load import load_painter, load_segmenter
from worker.pixels.composite import cut, cut_mask, paste
from worker.pixels.crops import plan_crops
from worker.pixels.letterbox import Placement, letterbox
from worker.pixels.masks import found_mask
from worker.pixels.repaint import Repaint
from worker.segment.geometry import segmenter_geometry
from worker.segment.protocol import SegmentRequest

MODELS = Path(services.__file__).parent / "models"
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
#: Drawings, their size in pixels, and the sizes of the batches that they are painted in.
DRAWINGS, SIZE, BATCHES = 24, (480, 640), (2, 3, 8)
WORKING_SIZE = 128


@dataclass(frozen=True, slots=True)
class Subject:
    """One drawing and what is asked of it."""

    rgb: Rgb
    style: Style
    seen: SegmentRequest
    placement: Placement


def main() -> None:
    """Paint every drawing alone and in batches, and print the largest and mean differences."""
    subjects = list(_subjects())
    masks = _masks(subjects, 1)
    alone = _squares(subjects, masks, 1)
    title = f"{DRAWINGS} drawings on {DEVICE}, {torch.get_num_threads()} thread(s)"
    table = Table(
        "batch", "squares: largest", "mean", "composites: largest", "mean", "masks differ"
    )
    for batch in BATCHES:
        differing = _differing(masks, _masks(subjects, batch))
        squares = _squares(subjects, masks, batch)
        pairs = (_compare(alone, squares), _compare(*_pasted(subjects, masks, alone, squares)))
        cells = (cell for pair in pairs for cell in (str(pair[0]), f"{pair[1]:.6f}"))
        table.add_row(str(batch), *cells, str(differing))
    Console().print(title, table)


def _subjects() -> Iterator[Subject]:
    geometry = segmenter_geometry(MODELS / "clipseg")
    for number in range(DRAWINGS):
        drawing = draw(60_000 + number, SIZE)
        kind, rgb = drawing.garments[0].kind, np.asarray(drawing.image.convert("RGB"))
        protected = ("the face", "the hair")
        style = Style(
            mask_prompt=(f"the {kind}",), protect_prompts=protected, prompt=f"a red {kind}"
        )
        square, placement = letterbox(rgb, geometry.side, geometry.fill)
        prompts = (*style.mask_prompt, *style.protect_prompts)
        seen = SegmentRequest(model="clipseg", picture=square, prompts=prompts)
        yield Subject(rgb, style, seen, placement)


def _masks(subjects: Sequence[Subject], batch: int) -> list[Repaint]:
    segmenter, call = load_segmenter(MODELS / "clipseg", DEVICE), Call(batch_mates=0, seconds=0)
    logits = []
    for start in range(0, len(subjects), batch):
        logits += segmenter.segment([one.seen for one in subjects[start : start + batch]])
    return [
        Repaint.found(found_mask(found, one.placement, SIZE, one.style), one.style, SIZE, call)
        for one, found in zip(subjects, logits, strict=True)
    ]


def _differing(masks: list[Repaint], others: list[Repaint]) -> int:
    pairs = zip(masks, others, strict=True)
    likenesses = (mask_likeness(one.alpha[..., None], two.alpha[..., None]) for one, two in pairs)
    return sum(like.differing > 0 for like in likenesses)


def _squares(subjects: Sequence[Subject], masks: list[Repaint], batch: int) -> list[Rgb]:
    painter = load_painter(MODELS / "inpaint", DEVICE)
    requests = [
        _request(one, mask.hard, number)
        for number, (one, mask) in enumerate(zip(subjects, masks, strict=True))
    ]
    squares = []
    for start in range(0, len(requests), batch):
        squares += painter.paint(requests[start : start + batch])
    return squares


def _request(one: Subject, hard: np.ndarray, number: int) -> InpaintRequest:
    crop = plan_crops(hard, WORKING_SIZE).crops[0]
    return InpaintRequest(
        model="inpaint",
        picture=cut(one.rgb, crop, WORKING_SIZE),
        mask=cut_mask(hard, crop, WORKING_SIZE),
        prompt=one.style.prompt,
        seed=variant_seed(one.style.seed, str(number), 1),
    )


def _pasted(
    subjects: Sequence[Subject], masks: list[Repaint], *runs: list[Rgb]
) -> tuple[list[Rgb], ...]:
    return tuple(
        [
            paste(one.rgb, [square], plan_crops(mask.hard, WORKING_SIZE), mask.alpha)
            for one, mask, square in zip(subjects, masks, run, strict=True)
        ]
        for run in runs
    )


def _compare(ours: Sequence[Samples], theirs: Sequence[Samples]) -> tuple[int, float]:
    """Largest and mean difference in levels."""
    likes: list[Likeness] = [
        likeness(one, two, TOLERANCE_LEVELS) for one, two in zip(ours, theirs, strict=True)
    ]
    return max(like.largest for like in likes), sum(like.mean for like in likes) / len(likes)


if __name__ == "__main__":
    main()
