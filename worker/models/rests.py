"""Rests: a model that cannot be had or loaded is left alone for a while; torch-free.

The first try after a rest is a real one; another failure makes the next rest twice as long.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from shared.errors import RestyleError
from shared.jobs import ResolvedModel

#: The first rest of a model, and the longest.
FIRST_REST_SECONDS = 2.0
LONGEST_REST_SECONDS = 300.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Rest:
    """Why and how long a model is left alone."""

    error: RestyleError
    seconds: float
    #: By the clock of the rests.
    until: float


class Rests:
    """The models of a process that rest; safe for threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._rests: dict[ResolvedModel, Rest] = {}

    def of(self, model: ResolvedModel) -> RestyleError | None:
        """The error for which a model rests now; None where it may be tried."""
        with self._lock:
            rest = self._rests.get(model)
        return _anew(rest.error) if rest and self._clock() < rest.until else None

    def begin(self, model: ResolvedModel, error: RestyleError) -> None:
        """Let a model rest that could not be had; many items of one call tell it only once."""
        now = self._clock()
        with self._lock:
            last = self._rests.get(model)
            if last and now < last.until:
                return
            seconds = min(2 * last.seconds, LONGEST_REST_SECONDS) if last else FIRST_REST_SECONDS
            self._rests[model] = Rest(_anew(error), seconds, now + seconds)
        log.warning("model rests on this worker", rest_seconds=seconds, **error.report())

    def end(self, model: ResolvedModel) -> None:
        """Forget the rests of a model that answered."""
        with self._lock:
            last = self._rests.pop(model, None)
        if last:
            log.info("model serves again on this worker", model=model.reference)

    def reasons(self) -> dict[str, str]:
        """Why models could not be had when last tried, by reference."""
        with self._lock:
            return {model.reference: str(rest.error) for model, rest in self._rests.items()}


def _anew(error: RestyleError) -> RestyleError:
    """The same error, never raised: one that was holds the frames, and so the pictures, it saw."""
    return type(error)(**error.facts)
