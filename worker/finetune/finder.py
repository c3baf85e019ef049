"""Masks found by words, for pictures that came without one; torch-free, but for its segmenter."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from shared.styles import Style
from worker.finetune.pictures import Lesson
from worker.pixels.letterbox import letterbox
from worker.pixels.masks import found_mask
from worker.segment.geometry import SegmenterGeometry
from worker.segment.protocol import Segmenter, SegmentRequest


def find_masks(
    lessons: Iterable[Lesson], segmenter: Segmenter, geometry: SegmenterGeometry, sought: str
) -> list[Lesson]:
    """The lessons, those without a mask with what the segmenter found, by a style's defaults.

    Where nothing is found, masks stay random.

    Args:
        lessons: The pictures.
        segmenter: Looks.
        geometry: What it looks at.
        sought: What for, such as `the dress`.
    """
    style = Style(mask_prompt=(sought,), prompt=sought)
    return [
        lesson if lesson.mask is not None else _masked(lesson, segmenter, geometry, style)
        for lesson in lessons
    ]


def _masked(
    lesson: Lesson, segmenter: Segmenter, geometry: SegmenterGeometry, style: Style
) -> Lesson:
    square, placement = letterbox(lesson.rgb, geometry.side, geometry.fill)
    request: Any = SegmentRequest(model="", picture=square, prompts=style.mask_prompt)
    [logits] = segmenter.segment([request])
    height, width = lesson.rgb.shape[:2]
    hard = found_mask(logits, placement, (width, height), style).hard
    mask = np.where(hard, np.uint8(255), np.uint8(0))
    return replace(lesson, mask=mask if hard.any() else None)
