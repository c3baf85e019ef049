"""Measure: the best of several runs, and a ratio against a baseline."""

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

    @property
    def ratio(self) -> float:
        """Above 1 means that ours is better than the baseline."""
        return self.ours / self.baseline if self.more_is_better else self.baseline / self.ours


def best_seconds(act: Callable[[], object], repeats: int = 5) -> float:
    """The shortest of several runs: the one that was disturbed least."""
    return min(_seconds(act) for _ in range(repeats))


def _seconds(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started
