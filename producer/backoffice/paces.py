"""Paces: how fast batches go, from what is seen of them while they are polled."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from producer.watch import Pace, Progress, past_rate
from shared.jobs import BatchStatus
from shared.states import ItemState

#: Batches whose pace is known at a time; the one polled least lately is forgotten.
MOST_BATCHES = 1_000
#: After so long without an image the pace says nothing any more.
STALE_SECONDS = 300.0


@dataclass(slots=True)
class _Seen:
    pace: Pace = field(default_factory=Pace)
    done: int = -1
    moved_at: float = 0.0


class Paces:
    """The pace of each batch that is polled; safe for threads.

    It changes only where the batch did, so that an answer that is asked for again stays the same.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: OrderedDict[str, _Seen] = OrderedDict()

    def progress(self, status: BatchStatus) -> Progress:
        """How far a batch is, and how long it still takes."""
        if not status.open:
            return Progress.of(status.counts, past_rate(status))
        with self._lock:
            rate = self._rate(status)
        return Progress.of(status.counts, None if status.paused else rate)

    def _rate(self, status: BatchStatus) -> float | None:
        now, done = self._clock(), status.counts.get(ItemState.DONE, 0)
        seen = self._find(status.batch.batch_id)
        if seen.done != done:
            seen.pace.look(now, done)
            seen.done, seen.moved_at = done, now
        if now - seen.moved_at > STALE_SECONDS:
            return None
        return seen.pace.rate_per_minute or past_rate(status)

    def _find(self, batch_id: str) -> _Seen:
        seen = self._seen.setdefault(batch_id, _Seen())
        self._seen.move_to_end(batch_id)
        if len(self._seen) > MOST_BATCHES:
            self._seen.popitem(last=False)
        return seen
