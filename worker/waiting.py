"""The waiting room: which requests share the next call on the device, and when it is time.

Pure bookkeeping under a clock that the caller reads: no threads, no locks, no torch.

The policy. A full group goes at once. A smaller one waits for mates, as long as its own recent
arrivals promise some (`worker.pace`), for `wait_seconds` at most, and no longer than the share
`IDLE_SHARE` of what a call of the group takes: while the device is the bottleneck calls fill by
themselves, and while it is not, a fuller call gains nothing by a device that stands idle. Nobody
waits once every asker under way has a request here, since then nobody is left who could bring a
mate.

Lanes. While an urgent request waits, every call has urgent ones in it, whatever else is overdue,
full or warm: a single urgent item is in the next call that is made. It waits for mates as any
other does, but no other call is made meanwhile. Of the rest, whoever has waited `patience_seconds`
goes first, in the order of arrival, so that bulk requests of items that are already claimed do not
starve; then standard before bulk. Within a call the same order holds, and mates of other lanes
fill what the first ones leave. Only urgent requests can keep others waiting without end.
"""

from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import chain
from typing import Generic, Protocol, TypeVar

from shared.facts import Call
from shared.jobs import LANES, ClaimName, Lane
from worker.line import Line
from worker.pace import Pace

ResultT = TypeVar("ResultT")
Known = TypeVar("Known")

#: In the order of an item's way.
STAGES = ("segment", "inpaint")
#: Groups whose safe size and pace are remembered; beyond it all are forgotten and learned anew.
MAX_REMEMBERED_GROUPS = 1_024
#: Longest wait for batch mates as a share of the time that a call of their group takes.
IDLE_SHARE = 0.03
#: How much the newest call's length moves the usual one.
CALL_WEIGHT = 0.25


class Group(Hashable, Protocol):
    """What must be equal in requests that share a call; equal groups compare equal."""

    @property
    def stage(self) -> str:
        """Name of the work, for errors and logs: `segment`, `inpaint`."""

    @property
    def side(self) -> int:
        """Side of the square that the model works on, in pixels."""

    @property
    def alone(self) -> ClaimName | None:
        """The only claim of the group, where that is under suspicion."""


class Request(Protocol):
    """One picture's work for the device."""

    @property
    def group(self) -> Group:
        """Requests of equal groups may share a call."""

    @property
    def claim(self) -> ClaimName | None:
        """The claim that it is for; None where it is for none."""

    @property
    def lane(self) -> Lane:
        """Of the batch that it is for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchLimits:
    """When a call is made, and how large it may be."""

    #: Most requests in one call.
    max_batch: int = 8
    #: Most requests of a group in one call, where memory sets a limit of its own.
    fits: Callable[[Group], int] | None = None
    #: Longest wait for batch mates while the device is idle, in seconds.
    wait_seconds: float = 0.1
    #: From this age on, in seconds, the oldest request goes before all that are not urgent.
    patience_seconds: float = 5.0
    #: Requests that wait at most; `submit` blocks beyond it, unless they are urgent.
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
    #: Who asks: one item's thread, which may ask for several pictures at once.
    asker: int = 0
    future: Future[Answer[ResultT]] = field(default_factory=Future)

    @property
    def lane(self) -> Lane:
        """Of its request."""
        return self.request.lane


class WaitingRoom(Generic[ResultT]):
    """Requests that wait, a line for each group."""

    def __init__(self, limits: BatchLimits) -> None:
        self._limits = limits
        self._lines: dict[Group, Line[Job[ResultT]]] = {}
        self._safe_sizes: dict[Group, int] = {}
        self._paces: dict[Group, Pace] = {}
        self._call_seconds: dict[Group, float] = {}
        self._last: Group | None = None

    def __len__(self) -> int:
        return sum(map(len, self._lines.values()))

    def add(self, job: Job[ResultT]) -> None:
        """Let a job wait behind those of its group and lane."""
        group = job.request.group
        self._lines.setdefault(group, Line()).add(job)
        self._note_arrival(group, job.arrived)

    def take(self, now: float, under_way: int | None = None) -> list[Job[ResultT]]:
        """The jobs of the next call, first ones first; none while waiting is better.

        Args:
            now: Seconds of the clock that the jobs' arrivals are of.
            under_way: How many askers there are, those included whose requests wait here; None
                where nobody knows.
        """
        group = self._choose(now, under_way)
        if group is None:
            return []
        line = self._lines[group]
        jobs = line.take(self.safe_size(group), self._overdue_since(now))
        if not line:
            del self._lines[group]
        self._last = group
        return jobs

    def take_all(self) -> list[Job[ResultT]]:
        """Everything that waits, whatever its group; the room is empty then."""
        jobs = list(self._all())
        self._lines.clear()
        return jobs

    def drop_cancelled(self) -> list[Job[ResultT]]:
        """Take out the jobs that their owners cancelled: they fill neither room nor calls."""
        dropped = [job for job in self._all() if job.future.cancelled()]
        for job in dropped:
            line = self._lines[job.request.group]
            line.remove(job)
            if not line:
                del self._lines[job.request.group]
        return dropped

    def seconds_until_ripe(self, now: float) -> float | None:
        """How long `take` has nothing to give if nobody comes; None if nobody waits."""
        if not self._lines:
            return None
        return max(0.0, min(map(self._ripe_at, self._lines)) - now)

    def safe_size(self, group: Group) -> int:
        """Most requests of this group that may share a call."""
        largest = self._safe_sizes.get(group, self._limits.max_batch)
        return min(largest, self._limits.fits(group)) if self._limits.fits else largest

    def shrink(self, group: Group, size: int) -> None:
        """Remember that calls of this group must not be larger."""
        _remember(self._safe_sizes, group, max(1, min(size, self.safe_size(group))))

    def note_call(self, group: Group, seconds: float) -> None:
        """Remember how long a call of this group took."""
        usual = self._call_seconds.get(group, seconds)
        usual += CALL_WEIGHT * (seconds - usual)
        _remember(self._call_seconds, group, usual)

    def _all(self) -> Iterator[Job[ResultT]]:
        return chain.from_iterable(self._lines.values())

    def _note_arrival(self, group: Group, arrived: float) -> None:
        pace = self._paces.get(group)
        known = pace.after(arrived, self._limits.wait_seconds) if pace else Pace(arrived)
        _remember(self._paces, group, known)

    def _choose(self, now: float, under_way: int | None) -> Group | None:
        """Once a call is due: of an urgent group, an overdue one, or the best of those due.

        That is of the first lane, and of an earlier stage before all of a later one: its items are
        the later one's mates, and a device that puts them off until it runs dry then waits for all
        of them at once. Then a full one, among equals the last one.
        """
        due = self._due(now, under_way)
        if not due:
            return None
        groups = self._urgent(due) or due
        if overdue := [group for group in groups if self._is_overdue(group, now)]:
            return self._oldest(overdue)
        groups = _of_earliest_stage(self._of_first_lane(groups))
        groups = [group for group in groups if self._is_full(group)] or groups
        # The last group's model and shapes are warm.
        return self._last if self._last in groups else self._oldest(groups)

    def _urgent(self, due: list[Group]) -> list[Group]:
        """The urgent groups that are due; all urgent ones where only others are due."""
        urgent = [group for group, line in self._lines.items() if line.lane == "urgent"]
        return [group for group in urgent if group in due] or urgent

    def _of_first_lane(self, groups: list[Group]) -> list[Group]:
        lanes = [LANES.index(self._lines[group].lane) for group in groups]
        return _least(groups, lanes)

    def _is_full(self, group: Group) -> bool:
        return len(self._lines[group]) >= self.safe_size(group)

    def _is_overdue(self, group: Group, now: float) -> bool:
        return self._lines[group].oldest <= self._overdue_since(now)

    def _overdue_since(self, now: float) -> float:
        return now - self._limits.patience_seconds

    def _due(self, now: float, under_way: int | None) -> list[Group]:
        if under_way is not None and len({job.asker for job in self._all()}) >= under_way:
            return list(self._lines)
        return [group for group in self._lines if self._is_due(group, now)]

    def _is_due(self, group: Group, now: float) -> bool:
        ripe = self._is_full(group) or now >= self._ripe_at(group)
        return ripe or self._is_overdue(group, now)

    def _ripe_at(self, group: Group) -> float:
        oldest, limit_seconds = self._lines[group].oldest, self._longest_wait(group)
        pace = self._paces.get(group) or Pace(oldest)
        return pace.ripe_at(oldest, limit_seconds)

    def _longest_wait(self, group: Group) -> float:
        usual, most = self._call_seconds.get(group), self._limits.wait_seconds
        return most if usual is None else min(most, IDLE_SHARE * usual)

    def _oldest(self, groups: list[Group]) -> Group:
        return min(groups, key=lambda group: self._lines[group].oldest)


def _remember(known: dict[Group, Known], group: Group, value: Known) -> None:
    if group not in known and len(known) >= MAX_REMEMBERED_GROUPS:
        known.clear()
    known[group] = value


def _of_earliest_stage(groups: list[Group]) -> list[Group]:
    places = [STAGES.index(group.stage) if group.stage in STAGES else 0 for group in groups]
    return _least(groups, places)


def _least(groups: list[Group], places: list[int]) -> list[Group]:
    """Those of the groups whose place is the least."""
    least = min(places)
    return [group for group, place in zip(groups, places, strict=True) if place == least]
