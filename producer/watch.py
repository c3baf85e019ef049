"""Watch a batch: its counts, its pace and the time left, until no item is open."""

import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from shared.board import StatusBoard
from shared.errors import BoardError
from shared.jobs import BatchStatus
from shared.states import FINAL, ItemState

#: The pace is that of the last so many seconds.
WINDOW_SECONDS = 60.0
#: States that a worker's time went into; what a plan or a person ended says nothing of the pace.
RENDERED = (ItemState.DONE, ItemState.FAILED)
#: States that a worker still has to deal with (a held item waits for a person).
AHEAD = (ItemState.QUEUED, ItemState.RUNNING)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch is."""

    counts: Mapping[ItemState, int]
    #: Images per minute that workers ended lately; None while nothing can be said.
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
        """Note how many items workers had ended at a moment of a monotonic clock."""
        looks = self._looks
        if looks and rendered < looks[-1][1]:
            looks.clear()  # a person retried failed items: count from here
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
    rendered = sum(status.counts.get(state, 0) for state in RENDERED)
    seconds = (last - first).total_seconds() if first and last else 0.0
    return rendered * 60 / seconds if rendered and seconds > 0 else None


@dataclass(frozen=True, slots=True)
class View:
    """One look at a batch."""

    status: BatchStatus
    progress: Progress
    #: Seconds since the watch began.
    elapsed_seconds: float
    #: Why the board could not be asked just now; status and progress are then the last known.
    trouble: BoardError | None = None


def watch(
    board: StatusBoard,
    batch_id: str,
    *,
    interval_seconds: float = 0.5,
    timeout_seconds: float | None = None,
) -> Iterator[View]:
    """Look at a batch again and again until no item is open, or the time is over.

    A board that goes away on the way is a trouble of the view, not an end.

    Yields:
        A view per look; the last one has no open item, or the time was over.

    Raises:
        BatchUnknown: No such batch.
        BoardError: The board could not be asked even once, or was away when the time was over.
    """
    start, pace = time.monotonic(), Pace()
    view = _first(board, batch_id, pace, start)
    yield view
    while view.trouble or view.status.open:
        left = _left(timeout_seconds, start)
        if left <= 0:
            if view.trouble:
                raise view.trouble
            return
        time.sleep(min(interval_seconds, left))
        view = _next(board, view, pace, start)
        yield view


def _left(timeout_seconds: float | None, start: float) -> float:
    return float("inf") if timeout_seconds is None else start + timeout_seconds - time.monotonic()


def _first(board: StatusBoard, batch_id: str, pace: Pace, start: float) -> View:
    return _view(board.status(batch_id), pace, start)


def _next(board: StatusBoard, last: View, pace: Pace, start: float) -> View:
    try:
        status = board.status(last.status.batch.batch_id)
    except BoardError as error:
        return View(last.status, last.progress, time.monotonic() - start, error)
    return _view(status, pace, start)


def _view(status: BatchStatus, pace: Pace, start: float) -> View:
    now = time.monotonic()
    pace.look(now, sum(status.counts.get(state, 0) for state in RENDERED))
    rate = None if status.paused else pace.rate_per_minute or _bridge(status, now - start)
    return View(status, Progress.of(status.counts, rate), now - start)


def _bridge(status: BatchStatus, elapsed_seconds: float) -> float | None:
    # Who joins late has seen nothing end yet; after a window of that, the past says nothing.
    return past_rate(status) if elapsed_seconds < WINDOW_SECONDS else None
