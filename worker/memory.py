"""Memory: how many bytes of decoded pictures may be in flight in a process at a time.

One picture of 64 megapixels weighs as much as hundreds of thumbnails, so that a number of threads
says nothing about memory: a picture waits until there is room for it.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from shared.jobs import Lane
from worker.line import Line

#: For the environment of a process that decodes pictures. By default glibc keeps freed blocks of up
#: to 32 MB in an arena for each thread, and Pillow's pictures are made of 16 MB blocks: after 16
#: pictures of 64 megapixels, two at a time, a worker had grown to 7.9 GB instead of 3.4 GB.
ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": str(8 * 2**20)}

#: Seconds between two looks at whether the one who waits should still wait.
CHECK_SECONDS = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Ticket:
    """A picture's place in the line."""

    lane: Lane
    #: By the monotonic clock.
    arrived: float = field(default_factory=time.monotonic)


class MemoryBudget:
    """Room for pictures: urgent ones first, all others in the order in which they ask for it.

    Whoever asks for more than all of it gets all of it: a single large picture goes alone.
    """

    def __init__(self, total_bytes: int) -> None:
        self._total = total_bytes
        self._free = total_bytes
        self._waiting: Line[Ticket] = Line()
        self._changed = threading.Condition()

    @contextmanager
    def held(
        self, wanted_bytes: int, lane: Lane, check: Callable[[], None] = lambda: None
    ) -> Iterator[None]:
        """Keep so many bytes for the time of the block; waits until they are free.

        Args:
            wanted_bytes: More than all counts as all.
            lane: Of the picture's batch.
            check: Called now and then while waiting; what it raises ends the wait.
        """
        amount = min(wanted_bytes, self._total)
        self._take(amount, Ticket(lane), check)
        try:
            yield
        finally:
            with self._changed:
                self._free += amount
                self._changed.notify_all()

    def _take(self, amount: int, ticket: Ticket, check: Callable[[], None]) -> None:
        with self._changed:
            self._waiting.add(ticket)
            try:
                while not (self._waiting.first() is ticket and self._free >= amount):
                    check()
                    self._changed.wait(CHECK_SECONDS)
                self._free -= amount
            finally:
                # Whether it was served or gave up, the next one may be.
                self._waiting.remove(ticket)
                self._changed.notify_all()
