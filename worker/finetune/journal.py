"""The journal of a training: its losses, its line of progress with the time left; torch-free."""

import math
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TextIO

#: Seconds between two lines where nobody watches a terminal.
LINE_SECONDS = 10.0
#: Steps whose mean time foretells the rest.
RECENT_STEPS = 50
#: Steps over which a loss is averaged for people.
SMOOTH_STEPS = 20
#: A step: its number, then its losses: the whole, the style's, the class's.
Row = tuple[int, float, float, float]


@dataclass(frozen=True, slots=True)
class Entry:
    """One step."""

    #: From 1.
    step: int
    loss: float
    instance: float
    prior: float

    def row(self) -> Row:
        """As JSON keeps it."""
        return self.step, self.loss, self.instance, self.prior


@dataclass(slots=True)
class Journal:
    """Keeps what happened and tells how it goes."""

    #: Steps in all.
    total: int
    out: TextIO = field(default_factory=lambda: sys.stderr)
    clock: Callable[[], float] = time.monotonic
    entries: list[Entry] = field(default_factory=list)
    _times: list[float] = field(default_factory=list)
    _told: float = -math.inf

    def begin(self, rows: Sequence[Row] = ()) -> None:
        """Start the clock, after what an earlier run wrote."""
        self.entries = [Entry(*row) for row in rows]
        self._times = [self.clock()]

    def note(self, entry: Entry, rate: float) -> None:
        """Take a step down, and tell it if somebody watches or it is time.

        Args:
            entry: The step.
            rate: The learning rate that it had.
        """
        self.entries.append(entry)
        now = self.clock()
        self._times = [*self._times[-RECENT_STEPS:], now]
        if self.out.isatty() or now - self._told >= LINE_SECONDS or entry.step == self.total:
            self._told = now
            self._tell(self.line(entry, rate), last=entry.step == self.total)

    def line(self, entry: Entry, rate: float) -> str:
        """How it goes, in one line."""
        spent = self._times[-1] - self._times[0]
        pace = spent / max(1, len(self._times) - 1)
        left = _clock((self.total - entry.step) * pace)
        return (
            f"step {entry.step}/{self.total}  loss {self.recent():.4f}  rate {rate:.1e}  "
            f"{pace:.2f} s a step  {left} left"
        )

    def recent(self) -> float:
        """The mean loss of the last steps; 0 before the first."""
        last = [entry.loss for entry in self.entries[-SMOOTH_STEPS:]]
        return sum(last) / len(last) if last else 0.0

    def rows(self) -> list[Row]:
        """All of it, as JSON keeps it."""
        return [entry.row() for entry in self.entries]

    def _tell(self, line: str, *, last: bool) -> None:
        watched = self.out.isatty()
        self.out.write(f"\r{line}\033[K" if watched else f"{line}\n")
        if watched and last:
            self.out.write("\n")
        self.out.flush()


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"
