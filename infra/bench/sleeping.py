"""A worker's child whose device only sleeps; everything around the device is the real worker.

    python -m infra.bench.sleeping SECONDS CALLS

Settings come from the environment, as a worker's do. It ends at SIGTERM.
"""

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TextIO, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from shared.logs import configure_logs
from shared.settings import load_settings
from worker.bootstrap import assemble
from worker.child import serve
from worker.devices import Device
from worker.inpaint.protocol import InpaintGroup, InpaintRequest
from worker.segment.protocol import SegmentGroup, SegmentRequest
from worker.waiting import Group, Request

#: A segmenter's call as a share of a painter's; by counted FLOPs it is below 0.5 %.
SEGMENT_SHARE = 0.02
Asked = TypeVar("Asked", SegmentRequest, InpaintRequest)

#: The garment that is found: a rectangle, as fractions of the square's side.
FOUND = (0.3, 0.7)


class SleepingModels:
    """Takes as long as a device would, whatever the size of a call, and notes each call.

    What counts is the time that a call was to take: a thread that wakes late, because others
    hold the GIL or the CPU, has not kept a device busy.
    """

    def __init__(self, seconds: float, calls: TextIO) -> None:
        """Sleep not yet.

        Args:
            seconds: Length of a painter's call.
            calls: Gets a line a call: stage, size, start (monotonic clock) and length in seconds.
        """
        self._seconds, self._calls = seconds, calls

    def run(self, group: Group, requests: Sequence[Request]) -> Sequence[NDArray[Any]]:
        """Answer as `ResidentModels.run` does."""
        match group:
            case SegmentGroup():
                found = cast("Sequence[SegmentRequest]", requests)
                return self._answer(group, found, _found, self._seconds * SEGMENT_SHARE)
            case InpaintGroup():
                painted = cast("Sequence[InpaintRequest]", requests)
                return self._answer(group, painted, _painted, self._seconds)
        raise TypeError(f"no model answers {type(group).__name__}")

    def free_memory(self) -> None:
        """There is none."""

    def _answer(
        self,
        group: Group,
        requests: Sequence[Asked],
        answer: Callable[[Asked], NDArray[Any]],
        seconds: float,
    ) -> Sequence[NDArray[Any]]:
        """The answers, so many seconds after they were asked for."""
        started = time.monotonic()
        answers = [answer(asked) for asked in requests]
        time.sleep(max(0.0, started + seconds - time.monotonic()))
        self._calls.write(f"{group.stage} {len(requests)} {started:.6f} {seconds:.6f}\n")
        return answers


def _found(asked: SegmentRequest) -> NDArray[np.float32]:
    side = asked.picture.shape[0]
    logits = np.full((len(asked.prompts), side, side), -8.0, dtype=np.float32)
    low, high = (round(part * side) for part in FOUND)
    logits[0, low:high, low:high] = 8.0
    return logits


def _painted(asked: InpaintRequest) -> NDArray[np.uint8]:
    """The same square in colours that are a little off, so that all of its edge is corrected."""
    return asked.picture ^ np.uint8(4)


def main() -> None:
    """Serve the queue until SIGTERM."""
    seconds, path = float(sys.argv[1]), Path(sys.argv[2])
    settings = load_settings()
    configure_logs(settings)
    # In one go at the end: each write would let go of Python's lock between two calls.
    with path.open("w") as calls:
        models = SleepingModels(seconds, calls)
        owner = f"bench/cpu/{path.stem}"
        serve(assemble(Device("cpu"), owner, settings, lambda _tuning, _store: models), settings)


if __name__ == "__main__":
    main()
