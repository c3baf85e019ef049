"""Tally: what the items of a worker process came to, and the time that their stages took."""

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from worker.spread import Spread
from worker.timings import Timings

#: Bounds of the stages' times, in seconds: from a mask's composite to a large model on a CPU.
STAGE_BOUNDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)


class Ending(NamedTuple):
    """How an item's stay in this process ended."""

    #: `retried` waits for its next try, `returned` was handed back as if it had never come,
    #: `held` waits for a person.
    state: Literal["done", "held", "failed", "retried", "returned"]
    #: The error's, or what is held (`mask`, `result`); empty where there is none.
    code: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """A tally at one moment; whatever is not there was not seen yet."""

    items: Mapping[Ending, int]
    #: Seconds an item spent in a stage; failed items count for the stages that they entered.
    stages: Mapping[str, Spread]


class Tally:
    """Counts what one process does with items; safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._items: Counter[Ending] = Counter()
        self._stages: dict[str, Spread] = {}

    def ended(self, ending: Ending) -> None:
        """Note that the board took the report of an item's end."""
        with self._lock:
            self._items[ending] += 1

    def spent(self, times: Timings) -> None:
        """Note what the stages of one item took."""
        with self._lock:
            for stage, seconds in times.seconds.items():
                before = self._stages.get(stage) or Spread.empty(STAGE_BOUNDS)
                self._stages[stage] = before.plus(seconds)

    def counts(self) -> Counts:
        """All of it, in one consistent picture."""
        with self._lock:
            return Counts(dict(self._items), dict(self._stages))
