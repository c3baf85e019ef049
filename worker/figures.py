"""Figures: what a worker process did between two moments, for a person to read.

Pure arithmetic on snapshots: no clock, no threads, no torch.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from worker.batching import BatcherStats
from worker.tally import Counts, Ending

SECONDS_PER_MINUTE = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What a process has counted since it started, and what it has before it, at one moment."""

    #: Seconds of a clock that only runs forward.
    at: float
    counts: Counts
    device: BatcherStats
    #: Requests that wait for the device.
    waiting: int
    #: Items under way.
    in_hand: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What happened between two snapshots; the fields are those of the log's line."""

    seconds: float
    #: Items done; each may have several variants.
    images_per_minute: float
    #: Items that wait for a person since, by what is held: their masks or their results.
    held: Mapping[str, int]
    #: Share of the time in which a call ran on the device, 0 to 100.
    device_busy_percent: float
    #: Requests per call, both stages together; 0 where no call ended.
    mean_batch: float
    #: Requests that wait for the device, at the end.
    waiting: int
    #: Items under way, at the end.
    in_hand: int
    #: Mean seconds of the items that left a stage.
    stage_seconds: Mapping[str, float]
    #: Items that failed, and tries that are to be repeated, by code.
    failed: Mapping[str, int]
    retried: Mapping[str, int]

    @classmethod
    def between(cls, earlier: Snapshot, later: Snapshot) -> Self:
        """The difference of two snapshots of one process, `later` taken after `earlier`."""
        seconds = later.at - earlier.at
        endings = Counter(later.counts.items)
        endings.subtract(earlier.counts.items)
        done = sum(count for ending, count in endings.items() if ending.state == "done")
        calls = later.device.batches - earlier.device.batches
        requests = later.device.requests - earlier.device.requests
        busy = later.device.busy_seconds - earlier.device.busy_seconds
        return cls(
            seconds=round(seconds, 1),
            images_per_minute=round(SECONDS_PER_MINUTE * done / seconds, 1),
            device_busy_percent=round(100 * busy / seconds, 1),
            mean_batch=round(requests / calls, 2) if calls else 0.0,
            waiting=later.waiting,
            in_hand=later.in_hand,
            stage_seconds=_stage_seconds(earlier.counts, later.counts),
            held=_by_code(endings, "held"),
            failed=_by_code(endings, "failed"),
            retried=_by_code(endings, "retried"),
        )


def is_idle(earlier: Snapshot, later: Snapshot) -> bool:
    """Whether nothing was done between two snapshots, and nothing is under way."""
    unchanged = (later.counts, later.device) == (earlier.counts, earlier.device)
    return unchanged and not later.waiting and not later.in_hand


def _stage_seconds(earlier: Counts, later: Counts) -> dict[str, float]:
    spent = {name: now.since(earlier.stages.get(name)) for name, now in later.stages.items()}
    return {name: round(spread.mean, 3) for name, spread in spent.items() if spread.count}


def _by_code(endings: Mapping[Ending, int], state: str) -> dict[str, int]:
    return {
        code: count for (name, code), count in sorted(endings.items()) if name == state and count
    }
