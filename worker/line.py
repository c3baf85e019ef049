"""A line: who waits for the same thing, each lane in the order of arrival; pure."""

import math
from collections import deque
from collections.abc import Iterator
from itertools import chain
from typing import Generic, Protocol, TypeVar

from shared.jobs import LANES, Lane


class Standing(Protocol):
    """Whoever stands in a line."""

    @property
    def lane(self) -> Lane:
        """Of the batch that it is for."""

    @property
    def arrived(self) -> float:
        """When it came, in seconds of a clock that all in the line share."""


StandingT = TypeVar("StandingT", bound=Standing)


class Line(Generic[StandingT]):
    """Urgent ones go first, then those whose patience is over, then lane by lane."""

    def __init__(self) -> None:
        # A lane in which nobody stands is not there.
        self._queues: dict[Lane, deque[StandingT]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._queues.values()))

    def __iter__(self) -> Iterator[StandingT]:
        return chain.from_iterable(self._queues.values())

    @property
    def lane(self) -> Lane:
        """The first lane in which somebody stands.

        Raises:
            ValueError: Nobody stands in the line.
        """
        return min(self._queues, key=LANES.index)

    @property
    def oldest(self) -> float:
        """When the one came that waits longest.

        Raises:
            ValueError: Nobody stands in the line.
        """
        return min([queue[0].arrived for queue in self._queues.values()])

    def add(self, one: StandingT) -> None:
        """Stand behind those of the same lane."""
        self._queues.setdefault(one.lane, deque()).append(one)

    def remove(self, one: StandingT) -> None:
        """Leave the line.

        Raises:
            ValueError: It does not stand there.
        """
        queue = self._queues.get(one.lane, deque())
        queue.remove(one)
        if not queue:
            self._queues.pop(one.lane, None)

    def first(self, overdue_since: float = math.inf) -> StandingT:
        """Whose turn it is.

        Args:
            overdue_since: Whoever came then or before has lost patience; by default all have.

        Raises:
            ValueError: Nobody stands in the line.
        """
        return self._queues[self._lane_in_turn(overdue_since)][0]

    def take(self, count: int, overdue_since: float) -> list[StandingT]:
        """The first ones, out of the line; `count` at most, see `first`."""
        return [self._pop(overdue_since) for _ in range(min(count, len(self)))]

    def _pop(self, overdue_since: float) -> StandingT:
        lane = self._lane_in_turn(overdue_since)
        first = self._queues[lane].popleft()
        if not self._queues[lane]:
            del self._queues[lane]
        return first

    def _lane_in_turn(self, overdue_since: float) -> Lane:
        if len(self._queues) == 1:
            return next(iter(self._queues))
        if (first := self.lane) == "urgent":
            return first
        oldest = min(self._queues, key=lambda lane: self._queues[lane][0].arrived)
        return oldest if self._queues[oldest][0].arrived <= overdue_since else first
