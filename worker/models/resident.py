"""Models that stay on the device between calls; the Batcher's `run` is here."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

from numpy.typing import NDArray

from shared.errors import ModelUnavailable
from worker.inpaint.protocol import InpaintGroup, InpaintRequest, Painter
from worker.inpaint.tuning import Tuning
from worker.models import device_errors
from worker.models.load import load_painter, load_segmenter
from worker.recent import Recent
from worker.segment.protocol import Segmenter, SegmentGroup, SegmentRequest
from worker.waiting import Group, Request

ModelT = TypeVar("ModelT")
#: A model's directory, and the digest that it had when it was loaded.
Name = tuple[str, str]


class ResidentModels:
    """A device's models, loaded when first asked for; the longest unused leaves first.

    Only the device thread uses it.
    """

    def __init__(
        self,
        device: str,
        capacity: int = 2,
        *,
        tuning: Tuning | None = None,
        verify: Callable[[str, str], None] = lambda _directory, _digest: None,
    ) -> None:
        """Load nothing yet.

        Args:
            device: `cpu`, `cuda` or `cuda:N`.
            capacity: Models of each kind that stay at most.
            tuning: What painters do for speed; by default all that suits the device.
            verify: Called with a directory and its digest when it was loaded; raises where the
                directory has another one by now.
        """
        self._verify = verify
        self._device, self._tuning = device, tuning
        self._segmenters: Recent[Name, Segmenter] = Recent(capacity)
        self._painters: Recent[Name, Painter] = Recent(capacity)

    def run(self, group: Group, requests: Sequence[Request]) -> Sequence[NDArray[Any]]:
        """Answer requests of one group in one call.

        Returns:
            Per request logits (float32, prompts x side x side) or a picture (uint8, side x side
            x 3).

        Raises:
            ModelInvalid: The group's model cannot be loaded.
            ModelUnavailable: It cannot be loaded here and now.
            ModelChanged: It changed before it was loaded.
            CancelledError: All requests were cancelled while the call ran.
            OutputNotFinite: An answer holds NaN or infinity.
            TypeError: The group is of no known kind.
        """
        match group:
            case SegmentGroup():
                segmenter = self._segmenters.get((group.model, group.digest), self._load_segmenter)
                return segmenter.segment(cast("Sequence[SegmentRequest]", requests))
            case InpaintGroup():
                painter = self._painters.get((group.model, group.digest), self._load_painter)
                return painter.paint(cast("Sequence[InpaintRequest]", requests))
        raise TypeError(f"no model answers {type(group).__name__}")

    def free_memory(self) -> None:
        """Let go of all models but the latest of each kind, and of every cached block."""
        self._segmenters.keep(1)
        self._painters.keep(1)
        device_errors.free_memory()

    def _load_segmenter(self, name: Name) -> Segmenter:
        return self._load(load_segmenter, name)

    def _load_painter(self, name: Name) -> Painter:
        return self._load(partial(load_painter, tuning=self._tuning), name)

    def _load(self, load: Callable[[Path, str], ModelT], name: Name) -> ModelT:
        """Load a model, if need be in the room of all the others."""
        directory, digest = name
        device_errors.free_memory()
        model, reason = self._try(load, directory)
        if model is None:
            self._let_all_go()
            model, reason = self._try(load, directory)
        if model is None:
            raise ModelUnavailable(reference=directory, reason=reason)
        self._verify(directory, digest)
        return model

    def _try(
        self, load: Callable[[Path, str], ModelT], directory: str
    ) -> tuple[ModelT | None, str]:
        """The model, or why the memory is too small; smaller calls would not help."""
        try:
            return load(Path(directory), self._device), ""
        except Exception as error:
            if not device_errors.is_out_of_memory(error):
                raise
            # Once this block is left, nothing holds what was loaded half.
            return None, f"the memory of {self._device} is too small ({_one_line(error)})"

    def _let_all_go(self) -> None:
        self._segmenters.keep(0)
        self._painters.keep(0)
        device_errors.free_memory()


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
