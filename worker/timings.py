"""Timings: seconds that an item spent in each stage, for its sidecar and the worker's log."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager


class Timings:
    """A stop watch with named stages; a stage entered twice adds up."""

    def __init__(self, passed: Callable[[str], None] = lambda _stage: None) -> None:
        """Start the watch; `passed` is told of each stage that was left without an error."""
        self._passed = passed
        self._started = time.monotonic()
        self._seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time the block."""
        entered = time.monotonic()
        try:
            yield
        finally:
            spent = time.monotonic() - entered
            self._seconds[name] = self._seconds.get(name, 0.0) + spent
        self._passed(name)

    @property
    def total_seconds(self) -> float:
        """Seconds since the watch was started."""
        return time.monotonic() - self._started

    @property
    def seconds(self) -> Mapping[str, float]:
        """Seconds by stage, of the stages that were left."""
        return self._seconds

    def as_dict(self) -> dict[str, float]:
        """Milliseconds' precision is plenty for a sidecar."""
        return {name: round(seconds, 3) for name, seconds in self._seconds.items()}
