"""Masks found by words, for pictures that came without one; torch-free, but for its segmenter."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from shared.styles import Style
from worker.finetune.pictures import Lesson
from worker.pixels.letterbox import letterbox
from worker.pixels.masks import found_mask
from worker.segment.geometry import SegmenterGeometry
from worker.segment.protocol import Segmenter, SegmentRequest


@dataclass(frozen=True, slots=True)
class Finder:
    """Looks for masks by a style's defaults."""

    segmenter: Segmenter
    geometry: SegmenterGeometry
    #: What for, such as `the dress`.
    sought: str
    #: Of the segmenter's model.
    digest: str

    def find(self, lesson: Lesson) -> Lesson:
        """The lesson with the mask that was found; where nothing is, masks stay random."""
        square, placement = letterbox(lesson.rgb, self.geometry.side, self.geometry.fill)
        style = Style(mask_prompt=(self.sought,), prompt=self.sought)
        request: Any = SegmentRequest(model="", picture=square, prompts=style.mask_prompt)
        [logits] = self.segmenter.segment([request])
        height, width = lesson.rgb.shape[:2]
        hard = found_mask(logits, placement, (width, height), style).hard
        mask = np.where(hard, np.uint8(255), np.uint8(0)) if hard.any() else None
        return replace(lesson, mask=mask, segmenter=self.digest)
