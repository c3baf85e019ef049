"""A worker's child whose device only sleeps; everything around the device is the real worker.

    python -m infra.bench.sleeping SECONDS CALLS

Settings come from the environment, as a worker's do. It ends at SIGTERM.
"""

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

from numpy.typing import NDArray

from infra.stand_in import answers
from shared.logs import configure_logs
from shared.settings import load_settings
from worker.bootstrap import assemble
from worker.child import serve
from worker.devices import Device
from worker.waiting import Group, Request

#: A segmenter's call as a share of a painter's; by counted FLOPs it is below 0.5 %.
SEGMENT_SHARE = 0.02


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
        """Answer as `ResidentModels.run` does, when the time of the call is over."""
        share = SEGMENT_SHARE if group.stage == "segment" else 1.0
        started, seconds = time.monotonic(), self._seconds * share
        answered = answers(group, requests)
        time.sleep(max(0.0, started + seconds - time.monotonic()))
        self._calls.write(f"{group.stage} {len(requests)} {started:.6f} {seconds:.6f}\n")
        return answered

    def free_memory(self) -> None:
        """There is none."""


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
