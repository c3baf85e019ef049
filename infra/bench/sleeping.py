"""A worker's child whose device only sleeps; everything around the device is the real worker.

    python -m infra.bench.sleeping SECONDS CALLS

Settings come from the environment, as a worker's do. It ends at SIGTERM.
"""

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO, cast

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
                self._sleep(group, len(requests), self._seconds * SEGMENT_SHARE)
                return [_found(asked) for asked in cast("Sequence[SegmentRequest]", requests)]
            case InpaintGroup():
                self._sleep(group, len(requests), self._seconds)
                return [_painted(asked) for asked in cast("Sequence[InpaintRequest]", requests)]
        raise TypeError(f"no model answers {type(group).__name__}")

    def free_memory(self) -> None:
        """There is none."""

    def _sleep(self, group: Group, size: int, seconds: float) -> None:
        started = time.monotonic()
        time.sleep(seconds)
        self._calls.write(f"{group.stage} {size} {started:.6f} {seconds:.6f}\n")


def _found(asked: SegmentRequest) -> NDArray[np.float32]:
    side = asked.picture.shape[0]
    logits = np.full((len(asked.prompts), side, side), -8.0, dtype=np.float32)
    low, high = (round(part * side) for part in FOUND)
    logits[0, low:high, low:high] = 8.0
    return logits


def _painted(asked: InpaintRequest) -> NDArray[np.uint8]:
    """The same square in other colours."""
    return np.ascontiguousarray(asked.picture[..., ::-1])


def main() -> None:
    """Serve the queue until SIGTERM."""
    seconds, path = float(sys.argv[1]), Path(sys.argv[2])
    settings = load_settings()
    configure_logs(settings)
    with path.open("w", buffering=1) as calls:
        models = SleepingModels(seconds, calls)
        owner = f"bench/cpu/{path.stem}"
        serve(assemble(Device("cpu"), owner, settings, lambda _tuning, _store: models), settings)


if __name__ == "__main__":
    main()
