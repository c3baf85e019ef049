"""What a stand-in for the models answers: a rectangle for a garment, colours a little off."""

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from worker.inpaint.protocol import InpaintGroup, InpaintRequest
from worker.segment.protocol import SegmentGroup, SegmentRequest
from worker.waiting import Group, Request

#: The garment that is found: a rectangle, as fractions of the square's side.
FOUND = (0.3, 0.7)


def answers(group: Group, requests: Sequence[Request]) -> list[NDArray[Any]]:
    """Answer as `ResidentModels.run` does, at once and always the same."""
    match group:
        case SegmentGroup():
            return [_found(asked) for asked in cast("Sequence[SegmentRequest]", requests)]
        case InpaintGroup():
            return [_painted(asked) for asked in cast("Sequence[InpaintRequest]", requests)]
    raise TypeError(f"no model answers {type(group).__name__}")


def _found(asked: SegmentRequest) -> NDArray[np.float32]:
    side = asked.picture.shape[0]
    logits = np.full((len(asked.prompts), side, side), -8.0, dtype=np.float32)
    low, high = (round(part * side) for part in FOUND)
    logits[0, low:high, low:high] = 8.0
    return logits


def _painted(asked: InpaintRequest) -> NDArray[np.uint8]:
    """The same square in colours that are a little off, so that all of its edge is corrected."""
    return asked.picture ^ np.uint8(4)
