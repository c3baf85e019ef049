"""Measure: the best of several runs, and a figure beside its baseline, with its targets."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ratio:
    """One benchmark's figure beside its baseline's, both in the same unit."""

    name: str
    ours: float
    baseline: float
    unit: str
    #: What the baseline is.
    against: str
    more_is_better: bool = True
    #: Target: the ratio is no less.
    least: float | None = None
    #: Target: ours is no less, or no more where less is better; in the figure's unit.
    limit: float | None = None

    @property
    def ratio(self) -> float:
        """Above 1 means that ours is better than the baseline."""
        return self.ours / self.baseline if self.more_is_better else self.baseline / self.ours

    @property
    def has_target(self) -> bool:
        """Whether something is asked of it."""
        return self.least is not None or self.limit is not None

    @property
    def holds(self) -> bool:
        """Whether it reaches its targets; without any it does."""
        return (self.least is None or self.ratio >= self.least) and self._within_limit()

    def _within_limit(self) -> bool:
        if self.limit is None:
            return True
        return self.ours >= self.limit if self.more_is_better else self.ours <= self.limit


def best_seconds(act: Callable[[], object], repeats: int = 5) -> float:
    """The shortest of several runs: the one that was disturbed least."""
    return min(_seconds(act) for _ in range(repeats))


def _seconds(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started
