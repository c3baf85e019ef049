"""The watchdog: ends a process whose device, or a decoder, hangs; no other thread could.

`faulthandler` waits in C without the GIL, so a call that never returns and holds the GIL ends
too, with every thread's stack on stderr.
"""

import faulthandler
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, ParamSpec, TypeVar

from worker.recent import Recent

P = ParamSpec("P")
R = TypeVar("R")
KeyT = TypeVar("KeyT", bound=Hashable)

#: A call may take so many times as long as the longest of its kind before it, ...
LONGER = 20
#: ... or as the first of its kind, in which a model may have been loaded and compiled, ...
LONGER_THAN_FIRST = 3
#: ... but no call ends the process before this many seconds.
LEAST_SECONDS = 60.0
#: Kinds of calls whose lengths are remembered.
MAX_KINDS = 256


@dataclass(slots=True)
class Lengths:
    """How long the calls of a kind took, in seconds."""

    first: float
    longest_later: float = 0.0


class Patience(Generic[KeyT]):
    """How long a call may take, by those of its kind before."""

    def __init__(self, most_seconds: float) -> None:
        """Know no call yet; `most_seconds` is the limit of the first of a kind, and of all."""
        self._most = most_seconds
        self._kinds: Recent[KeyT, Lengths] = Recent(MAX_KINDS)

    def limit_seconds(self, kind: KeyT) -> float:
        """The limit of the next call of a kind."""
        known = self._kinds.find(kind)
        if known is None:
            return self._most
        usual = max(LONGER * known.longest_later, LONGER_THAN_FIRST * known.first)
        return min(self._most, max(LEAST_SECONDS, usual))

    def note(self, kind: KeyT, seconds: float) -> None:
        """Remember how long a call of a kind took that came to its end."""
        known = self._kinds.find(kind)
        if known is None:
            self._kinds.put(kind, Lengths(seconds))
        else:
            known.longest_later = max(known.longest_later, seconds)


def watched(
    call: Callable[P, R], patience: Patience[KeyT], kind: Callable[P, KeyT]
) -> Callable[P, R]:
    """The call, under a watchdog: a process in which it takes longer ends at once, status 1.

    The supervisor starts a new process and puts the items back. One watchdog per process: only
    the device thread may use it.
    """

    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        this, started = kind(*args, **kwargs), time.monotonic()
        faulthandler.dump_traceback_later(patience.limit_seconds(this), exit=True)
        try:
            answer = call(*args, **kwargs)
        finally:
            faulthandler.cancel_dump_traceback_later()
        patience.note(this, time.monotonic() - started)
        return answer

    return guarded
