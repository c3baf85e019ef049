"""Watch a batch: its counts, its pace and the time left, until it goes on by itself no more."""

import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from shared.board import WorkerRecord
from shared.errors import BoardError
from shared.jobs import BatchStatus
from shared.states import FINAL, ItemState

#: The pace is that of the last so many seconds.
WINDOW_SECONDS = 60.0
#: After so long without a move the workers are looked for.
PATIENCE_SECONDS = 10.0
#: A worker that has said nothing for this long is not at work; they report every ten seconds.
SILENT_SECONDS = 30.0
#: States that a worker still has to deal with (a held item waits for a person).
AHEAD = (ItemState.QUEUED, ItemState.RUNNING)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch is."""

    counts: Mapping[ItemState, int]
    #: Images per minute that were done lately, failures not counted (many end at once); None
    #: while nothing can be said.
    rate_per_minute: float | None
    #: Until no worker has anything left to do, at that rate; None while nothing can be said.
    seconds_left: float | None

    @classmethod
    def of(cls, counts: Mapping[ItemState, int], rate_per_minute: float | None) -> "Progress":
        """The progress that counts and a rate amount to."""
        ahead = sum(counts.get(state, 0) for state in AHEAD)
        if not ahead:
            return cls(counts, rate_per_minute, 0.0)
        return cls(
            counts, rate_per_minute, ahead * 60 / rate_per_minute if rate_per_minute else None
        )

    def count(self, *states: ItemState) -> int:
        """Items in any of the states."""
        return sum(self.counts.get(state, 0) for state in states)

    @property
    def total(self) -> int:
        """All items of the batch."""
        return sum(self.counts.values())

    @property
    def final(self) -> int:
        """Items that no worker and no person has to touch again."""
        return self.count(*FINAL)

    @property
    def succeeded(self) -> bool:
        """Whether every item is done, or was left unchanged by the plan."""
        return self.count(ItemState.DONE, ItemState.UNCHANGED) == self.total


@dataclass(slots=True)
class Pace:
    """Images per minute over a sliding window of looks at the board."""

    window_seconds: float = WINDOW_SECONDS
    #: The window grows over the past until it holds so many images, for renders of minutes.
    least_images: int = 4
    _looks: deque[tuple[float, int]] = field(default_factory=deque)

    def look(self, at_seconds: float, rendered: int) -> None:
        """Note how many items were done at a moment of a monotonic clock."""
        looks = self._looks
        if looks and rendered < looks[-1][1]:
            looks.clear()  # the board was put back to an earlier state: count from here
        if len(looks) > 1 and looks[-2][1] == looks[-1][1] == rendered:
            looks.pop()  # of a standstill, its first and its last look are enough
        looks.append((at_seconds, rendered))
        while len(looks) > 2 and self._is_past(looks[1], at_seconds, rendered):
            looks.popleft()

    def _is_past(self, look: tuple[float, int], at_seconds: float, rendered: int) -> bool:
        old = look[0] <= at_seconds - self.window_seconds
        return old and rendered - look[1] >= self.least_images

    @property
    def rate_per_minute(self) -> float | None:
        """The rate from the first to the last look; None before anything was seen to end."""
        if not self._looks:
            return None
        (start, before), (end, after) = self._looks[0], self._looks[-1]
        return (after - before) * 60 / (end - start) if end > start and after > before else None


def past_rate(status: BatchStatus) -> float | None:
    """Images per minute from the first claim to the last report, by the board's own clock."""
    first, last = status.first_claim_at, status.last_report_at
    done = status.counts.get(ItemState.DONE, 0)
    seconds = (last - first).total_seconds() if first and last else 0.0
    return done * 60 / seconds if done and seconds > 0 else None


@dataclass(frozen=True, slots=True)
class View:
    """One look at a batch."""

    status: BatchStatus
    progress: Progress
    #: Seconds since the watch began.
    elapsed_seconds: float
    #: Why the board could not be asked just now; status and progress are then the last known.
    trouble: BoardError | None = None
    #: Nothing has moved for a while, and no worker says that it is there.
    idle: bool = False
    #: Nothing has moved for a while, and this is what every worker waits for (S3).
    lost: str = ""


class Watched(Protocol):
    """Who is looked at: the board, or a `BatchReader`, which also knows batches that left it."""

    def status(self, batch_id: str, /) -> BatchStatus:
        """How a batch stands."""

    def workers(self) -> list[WorkerRecord]:
        """All known workers."""


def watch(
    board: Watched,
    batch_id: str,
    *,
    interval_seconds: float = 0.5,
    timeout_seconds: float | None = None,
    patience_seconds: float = PATIENCE_SECONDS,
) -> Iterator[View]:
    """Look at a batch until all that is open waits for a person, or nothing is, or time is over.

    A board that goes away on the way is a trouble of the view, not an end.

    Yields:
        A view per look; in the last one nothing goes on by itself, or the time was over.

    Raises:
        BatchUnknown: No such batch.
        BoardError: The board could not be asked even once, or was away when the time was over.
    """
    watcher = _Watcher(board, batch_id, patience_seconds)
    view = watcher.look()
    yield view
    while view.trouble or goes_on(view.status):
        left = float("inf") if timeout_seconds is None else timeout_seconds - watcher.elapsed
        if left <= 0:
            if view.trouble:
                raise view.trouble
            return
        time.sleep(min(interval_seconds, left))
        view = watcher.look_again(view)
        yield view


def goes_on(status: BatchStatus) -> bool:
    """Whether anything of a batch goes on without a person's decision."""
    waiting = status.counts.get(ItemState.HELD, 0) - status.publishing
    return not status.sealed or status.open > waiting


@dataclass(slots=True)
class _Watcher:
    """Looks at a batch, and remembers what it takes to say how it goes."""

    board: Watched
    batch_id: str
    patience_seconds: float
    _start: float = field(default_factory=time.monotonic)
    _pace: Pace = field(default_factory=Pace)
    _counts: Mapping[ItemState, int] = field(default_factory=dict)
    _moved_at: float = 0.0

    @property
    def elapsed(self) -> float:
        """Seconds since the watch began."""
        return time.monotonic() - self._start

    def look(self) -> View:
        status, now = self.board.status(self.batch_id), self.elapsed
        if status.counts != self._counts:
            self._counts, self._moved_at = status.counts, now
        self._pace.look(now, status.counts.get(ItemState.DONE, 0))
        stalled = self._is_stalled(status, now)
        workers = self._workers() if stalled else []
        idle, lost = stalled and not workers, _lost(workers)
        progress = Progress.of(status.counts, None if idle or lost else self._rate(status, now))
        return View(status, progress, now, idle=idle, lost=lost)

    def look_again(self, last: View) -> View:
        try:
            return self.look()
        except BoardError as error:
            return View(last.status, last.progress, self.elapsed, error)

    def _rate(self, status: BatchStatus, now: float) -> float | None:
        if status.paused:
            return None
        # Who joins late has seen nothing end yet; after a window of that, the past says nothing.
        return self._pace.rate_per_minute or (past_rate(status) if now < WINDOW_SECONDS else None)

    def _is_stalled(self, status: BatchStatus, now: float) -> bool:
        # A large picture may take minutes: that nothing moves is no proof, it is a question.
        if status.paused or not status.sealed or now - self._moved_at < self.patience_seconds:
            return False
        return any(status.counts.get(state) for state in AHEAD)

    def _workers(self) -> list[WorkerRecord]:
        return at_work(self.board.workers())


def _lost(workers: Sequence[WorkerRecord]) -> str:
    """What all workers wait for; empty where one of them has all that it needs."""
    reasons = [next(iter(worker.lost_services.values()), "") for worker in workers]
    return reasons[0] if reasons and all(reasons) else ""


def at_work(workers: Sequence[WorkerRecord]) -> list[WorkerRecord]:
    """Those of all known workers that have said something lately."""
    return [one for one in workers if one.silent_seconds <= SILENT_SECONDS]
