"""The waiting room: which requests share the next call on the device, and when it is time.

Pure bookkeeping under a clock that the caller reads: no threads, no locks, no torch.
"""

from collections import deque
from collections.abc import Hashable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import chain
from typing import Generic, Protocol, TypeVar

from shared.sidecars import Call

ResultT = TypeVar("ResultT")

#: In the order of an item's way.
STAGES = ("segment", "inpaint")
#: Groups whose safe size is remembered; beyond it all are forgotten and learned anew.
MAX_REMEMBERED_GROUPS = 1_024


class Group(Hashable, Protocol):
    """What must be equal in requests that share a call; equal groups compare equal."""

    @property
    def stage(self) -> str:
        """Name of the work, for errors and logs: `segment`, `inpaint`."""

    @property
    def side(self) -> int:
        """Side of the square that the model works on, in pixels."""


class Request(Protocol):
    """One picture's work for the device."""

    @property
    def group(self) -> Group:
        """Requests of equal groups may share a call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchLimits:
    """When a call is made, and how large it may be."""

    #: Most requests in one call.
    max_batch: int = 8
    #: Longest wait for batch mates while the device is idle, in seconds.
    wait_seconds: float = 0.1
    #: From this age on, in seconds, the oldest request goes before fuller or warmer groups.
    patience_seconds: float = 5.0
    #: Requests that wait at most; `submit` blocks beyond it.
    max_waiting: int = 256


@dataclass(frozen=True, slots=True)
class Answer(Generic[ResultT]):
    """What the device gave for one request, and the call that gave it."""

    value: ResultT
    call: Call


@dataclass(frozen=True, slots=True)
class Job(Generic[ResultT]):
    """A request, the future of its answer, and when it came (seconds of the caller's clock)."""

    request: Request
    arrived: float
    future: Future[Answer[ResultT]] = field(default_factory=Future)


class WaitingRoom(Generic[ResultT]):
    """Requests that wait, by group, first come first served within a group."""

    def __init__(self, limits: BatchLimits) -> None:
        self._limits = limits
        self._queues: dict[Group, deque[Job[ResultT]]] = {}
        self._safe_sizes: dict[Group, int] = {}
        self._last: Group | None = None

    def __len__(self) -> int:
        return sum(map(len, self._queues.values()))

    def add(self, job: Job[ResultT]) -> None:
        """Let a job wait behind those of its group."""
        self._queues.setdefault(job.request.group, deque()).append(job)

    def take(self, now: float) -> list[Job[ResultT]]:
        """The jobs of the next call, oldest first; none while waiting is better."""
        group = self._choose(now)
        if group is None:
            return []
        queue = self._queues[group]
        jobs = [queue.popleft() for _ in range(min(len(queue), self.safe_size(group)))]
        if not queue:
            del self._queues[group]
        self._last = group
        return jobs

    def take_all(self) -> list[Job[ResultT]]:
        """Everything that waits, whatever its group; the room is empty then."""
        jobs = list(self._all())
        self._queues.clear()
        return jobs

    def drop_cancelled(self) -> list[Job[ResultT]]:
        """Take out the jobs that their owners cancelled: they fill neither room nor calls."""
        dropped = [job for job in self._all() if job.future.cancelled()]
        for job in dropped:
            queue = self._queues[job.request.group]
            queue.remove(job)
            if not queue:
                del self._queues[job.request.group]
        return dropped

    def seconds_until_ripe(self, now: float) -> float | None:
        """How long `take` has nothing to give if nobody comes; None if nobody waits."""
        if not self._queues:
            return None
        return max(0.0, min(self._heads()) + self._limits.wait_seconds - now)

    def safe_size(self, group: Group) -> int:
        """Most requests of this group that may share a call."""
        return self._safe_sizes.get(group, self._limits.max_batch)

    def shrink(self, group: Group, size: int) -> None:
        """Remember that calls of this group must not be larger."""
        if len(self._safe_sizes) >= MAX_REMEMBERED_GROUPS:
            self._safe_sizes.clear()
        self._safe_sizes[group] = max(1, min(size, self.safe_size(group)))

    def _all(self) -> Iterator[Job[ResultT]]:
        return chain.from_iterable(self._queues.values())

    def _heads(self) -> Iterator[float]:
        return (queue[0].arrived for queue in self._queues.values())

    def _choose(self, now: float) -> Group | None:
        """An overdue group, else a full one, else one that waited; among equals the last one.

        An earlier stage goes before all of a later one: its items are the later one's mates, and
        a device that puts them off until it runs dry then waits for all of them at once.
        """
        overdue = self._older_than(self._limits.patience_seconds, now)
        if overdue:
            return self._oldest(overdue)
        waited = self._older_than(self._limits.wait_seconds, now)
        ripe = _of_earliest_stage([g for g in self._queues if g in waited or self._is_full(g)])
        ripe = [g for g in ripe if self._is_full(g)] or ripe
        # The last group's model and shapes are warm.
        return self._last if self._last in ripe else self._oldest(ripe)

    def _is_full(self, group: Group) -> bool:
        return len(self._queues[group]) >= self.safe_size(group)

    def _older_than(self, seconds: float, now: float) -> list[Group]:
        return [g for g, queue in self._queues.items() if now >= queue[0].arrived + seconds]

    def _oldest(self, groups: list[Group]) -> Group | None:
        return min(groups, key=lambda group: self._queues[group][0].arrived, default=None)


def _of_earliest_stage(groups: list[Group]) -> list[Group]:
    places = [STAGES.index(group.stage) if group.stage in STAGES else 0 for group in groups]
    return [group for group, place in zip(groups, places, strict=True) if place == min(places)]
