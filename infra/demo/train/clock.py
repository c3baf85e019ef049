"""A training run's time: how far it is, which learning rate that means, when to save."""

import json
import time
from dataclasses import dataclass, field
from math import cos, pi
from pathlib import Path


@dataclass
class Clock:
    """Counts the minutes of a run, the earlier ones of a resumed run included."""

    minutes: float
    spent: float = 0.0
    steps: int = 0
    first: int = 0
    _since: float = field(default_factory=time.monotonic)

    @property
    def elapsed(self) -> float:
        """Minutes so far, over all resumes."""
        return self.spent + (time.monotonic() - self._since) / 60

    @property
    def progress(self) -> float:
        """Share of the time that has gone, 0 to 1."""
        return min(1.0, self.elapsed / self.minutes)

    def rate(self, peak: float, warmup: int = 50, floor: float = 0.02) -> float:
        """The learning rate now: a warm-up after each start, and a cosine over the time."""
        warm = min(1.0, (self.steps - self.first + 1) / warmup)
        return peak * warm * (floor + (1 - floor) * 0.5 * (1 + cos(pi * self.progress)))

    def save(self, path: Path) -> None:
        """Notes the time spent beside a checkpoint."""
        path.write_text(json.dumps({"minutes": self.elapsed, "steps": self.steps}))

    @classmethod
    def resume(cls, path: Path, minutes: float) -> "Clock":
        """A clock that goes on where the noted one stopped, or a new one."""
        if not path.exists():
            return cls(minutes)
        noted = json.loads(path.read_text())
        return cls(minutes, noted["minutes"], noted["steps"], noted["steps"])
