"""The dispatcher: from the board to the queue, one safe step at a time.

Any number of dispatchers may run, each in its own process; every part of a step is atomic on the
board. One that dies between taking and publishing leaves items noted as published without a
message; the broker's backlog then falls short of the board's notes, and they are published again.
"""

from dataclasses import dataclass

from shared.board import StatusBoard, Swept
from shared.board.dispatching import SLICE
from shared.jobs import Hint
from shared.queue import Publisher
from shared.settings import Settings

#: Slices of one kind in one step at most, so that a step ends in bounded time.
MAX_ROUNDS = 20


@dataclass(frozen=True, slots=True)
class Dispatched:
    """What one step did, in items."""

    #: Messages sent.
    published: int
    #: Items of expired claims that wait again.
    expired: int
    #: Items of expired claims that failed as poison.
    poisoned: int
    #: Delayed retries that wait again.
    due: int
    #: Items of cancelled batches.
    cancelled: int


class Dispatcher:
    """Keeps a small window of messages ahead of the workers."""

    def __init__(self, board: StatusBoard, publisher: Publisher, settings: Settings) -> None:
        self._board = board
        self._publisher = publisher
        self._settings = settings

    def step(self) -> Dispatched:
        """Put back what time has released, then fill the window.

        Raises:
            RedisUnreachable: Board or broker do not answer; the next step makes good for it.
        """
        swept = self._sweep()
        return Dispatched(
            published=self._publish(),
            expired=sum(part.expired for part in swept),
            poisoned=sum(part.poisoned for part in swept),
            due=sum(part.due for part in swept),
            cancelled=sum(part.cancelled for part in swept),
        )

    def _sweep(self) -> list[Swept]:
        limits = self._settings.max_deliveries, self._settings.lease_seconds
        swept = [self._board.sweep(*limits)]
        while swept[-1].full and len(swept) < MAX_ROUNDS:
            swept.append(self._board.sweep(*limits))
        return swept

    def _publish(self) -> int:
        published = 0
        for _ in range(MAX_ROUNDS):
            hints = self._take()
            self._publisher.publish(hints)
            published += len(hints)
            if len(hints) < SLICE:
                break
        return published

    def _take(self) -> list[Hint]:
        return self._board.take_for_publishing(
            self._settings.window,
            self._settings.republish_seconds,
            backlog=self._publisher.backlog(),
        )
