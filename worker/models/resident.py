"""Models that stay on the device between calls; the Batcher's `run` is here."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from numpy.typing import NDArray

from worker.inpaint.protocol import InpaintGroup, InpaintRequest, Painter
from worker.inpaint.tuning import Tuning
from worker.models import device_errors
from worker.models.load import load_painter, load_segmenter
from worker.recent import Recent
from worker.segment.protocol import Segmenter, SegmentGroup, SegmentRequest
from worker.waiting import Group, Request


class ResidentModels:
    """A device's models, loaded when first asked for; the longest unused leaves first.

    Only the device thread uses it.
    """

    def __init__(self, device: str, capacity: int = 2, tuning: Tuning | None = None) -> None:
        """Load nothing yet.

        Args:
            device: `cpu`, `cuda` or `cuda:N`.
            capacity: Models of each kind that stay at most.
            tuning: What painters do for speed; by default all that suits the device.
        """
        self._device, self._tuning = device, tuning
        self._segmenters: Recent[str, Segmenter] = Recent(capacity)
        self._painters: Recent[str, Painter] = Recent(capacity)

    def run(self, group: Group, requests: Sequence[Request]) -> Sequence[NDArray[Any]]:
        """Answer requests of one group in one call.

        Returns:
            Per request logits (float32, prompts x side x side) or a picture (uint8, side x side
            x 3).

        Raises:
            ModelInvalid: The group's model cannot be loaded.
            CancelledError: All requests were cancelled while the call ran.
            OutputNotFinite: An answer holds NaN or infinity.
            TypeError: The group is of no known kind.
        """
        match group:
            case SegmentGroup():
                segmenter = self._segmenters.get(group.model, self._load_segmenter)
                return segmenter.segment(cast("Sequence[SegmentRequest]", requests))
            case InpaintGroup():
                painter = self._painters.get(group.model, self._load_painter)
                return painter.paint(cast("Sequence[InpaintRequest]", requests))
        raise TypeError(f"no model answers {type(group).__name__}")

    def free_memory(self) -> None:
        """Let go of all models but the latest of each kind, and of every cached block."""
        self._segmenters.keep(1)
        self._painters.keep(1)
        device_errors.free_memory()

    def _load_segmenter(self, directory: str) -> Segmenter:
        device_errors.free_memory()
        return load_segmenter(Path(directory), self._device)

    def _load_painter(self, directory: str) -> Painter:
        device_errors.free_memory()
        return load_painter(Path(directory), self._device, self._tuning)
