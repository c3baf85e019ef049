"""Spread: how many values lay below which bounds, and what they add up to."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Spread:
    """A histogram that only grows; the difference of two is what came between."""

    #: Upper bounds, ascending, each included; values above the last one count too.
    bounds: tuple[float, ...]
    #: Values in each interval between bounds; one more than there are bounds.
    counts: tuple[int, ...]
    total: float = 0.0

    @classmethod
    def empty(cls, bounds: Sequence[float]) -> Self:
        """A spread that has seen nothing."""
        return cls(tuple(bounds), (0,) * (len(bounds) + 1))

    @property
    def count(self) -> int:
        """How many values it has seen."""
        return sum(self.counts)

    @property
    def mean(self) -> float:
        """Their mean; 0 before the first."""
        return self.total / self.count if self.count else 0.0

    def plus(self, value: float, times: int = 1) -> Self:
        """With a value more, or with as many of it as `times` says."""
        place = bisect_left(self.bounds, value)
        counts = (*self.counts[:place], self.counts[place] + times, *self.counts[place + 1 :])
        return type(self)(self.bounds, counts, self.total + value * times)

    def since(self, earlier: Self | None) -> Self:
        """What came after an earlier state of the same spread; None was before all of it."""
        if earlier is None:
            return self
        counts = (now - then for now, then in zip(self.counts, earlier.counts, strict=True))
        return type(self)(self.bounds, tuple(counts), self.total - earlier.total)
