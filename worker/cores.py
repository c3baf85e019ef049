"""Cores: how many threads of a process work on pixels at a time.

Dozens of item threads wait for S3 and for the device. Those whose turn it is to decode, mask or
encode would take Python's lock and the caches from each other hundreds of times an item, and from
the thread that owns the device; so no more of them run than there are CPUs.
"""

import os
import threading
from types import TracebackType


class Cores:
    """A core for the time of a `with` block; waits until one is free.

    Never held while anything else is waited for: not for S3, the device, or memory.
    """

    def __init__(self, count: int | None = None) -> None:
        """Keep so many; by default all CPUs that the process may use."""
        self._free = threading.BoundedSemaphore(count or len(os.sched_getaffinity(0)))

    def __enter__(self) -> None:
        self._free.acquire()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._free.release()
