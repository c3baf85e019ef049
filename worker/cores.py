"""Cores: how many threads of a process work on pixels at a time, urgent items' first.

Dozens of item threads wait for S3 and for the device. Those whose turn it is to decode, mask or
encode would take Python's lock and the caches from each other hundreds of times an item, and from
the thread that owns the device; so no more of them run than there are CPUs.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from shared.jobs import Lane


class Cores:
    """A core for the time of a `with` block; waits until one is free.

    Never held while anything else is waited for: not for S3, the device, or memory.
    """

    def __init__(self, count: int | None = None) -> None:
        """Keep so many; by default all CPUs that the process may use."""
        self._free = count or len(os.sched_getaffinity(0))
        self._urgent_waiting = 0
        lock = threading.Lock()
        self._for_urgent, self._for_others = threading.Condition(lock), threading.Condition(lock)

    @contextmanager
    def held(self, lane: Lane) -> Iterator[None]:
        """Keep a core for the time of the block; a free one goes to an urgent item first."""
        if lane == "urgent":
            self._take_urgently()
        else:
            self._take()
        try:
            yield
        finally:
            with self._for_others:
                self._free += 1
                self._tell()

    def _take(self) -> None:
        with self._for_others:
            self._for_others.wait_for(lambda: self._free and not self._urgent_waiting)
            self._free -= 1

    def _take_urgently(self) -> None:
        with self._for_urgent:
            self._urgent_waiting += 1
            try:
                self._for_urgent.wait_for(lambda: self._free)
                self._free -= 1
            finally:
                self._urgent_waiting -= 1
                # Two cores may have come free for this one alone.
                self._tell()

    def _tell(self) -> None:
        if self._free:
            (self._for_urgent if self._urgent_waiting else self._for_others).notify()
