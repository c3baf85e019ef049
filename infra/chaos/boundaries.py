"""Boundaries: a process kills itself right after a step of an item's way, once for each step."""

import os
import signal
import threading
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from infra.chaos.asks import Asks
from infra.chaos.journal import Journal
from shared.jobs import Claim

#: An item of this name crashes its process at the boundary that follows.
PREFIX = "at-"


class Boundary(NamedTuple):
    """The end of a step: its name, and the how-manieth of that name within one claim."""

    step: str
    time: int


#: In the order of an item's way.
BOUNDARIES: Mapping[str, Boundary] = {
    "claimed": Boundary("claim", 1),
    "looked-at": Boundary("fetch", 1),
    "fetched": Boundary("fetch", 2),
    "decoded": Boundary("decode", 1),
    "masked": Boundary("mask", 1),
    "painted": Boundary("inpaint", 1),
    "composited": Boundary("composite", 1),
    "encoded": Boundary("encode", 1),
    "picture-uploaded": Boundary("upload", 1),
    "mask-uploaded": Boundary("upload", 2),
    "sidecar-uploaded": Boundary("upload", 3),
    "finished": Boundary("report", 1),
}


#: The ask for a freeze where a worker becomes a zombie: all is written, nothing is reported.
FREEZE, FREEZE_AT = "freeze-before-report", "sidecar-uploaded"


class Boundaries:
    """Told of each step; kills or freezes the process where that was asked for."""

    def __init__(self, crashes: Path, asks: Asks, journal: Journal) -> None:
        """Do nothing yet; a file in `crashes` says that the crash at a boundary has happened."""
        self._crashes, self._asks, self._journal = crashes, asks, journal
        self._lock = threading.Lock()
        self._steps: Counter[tuple[str, int, int, str]] = Counter()

    def __call__(self, claim: Claim, step: str) -> None:
        """Note that an item has passed a step."""
        reached = self._reached(claim, step)
        name = claim.spec.external_id.removeprefix(PREFIX)
        if reached == BOUNDARIES.get(name) and self._is_first(name):
            os.kill(os.getpid(), signal.SIGKILL)
        if reached == BOUNDARIES[FREEZE_AT] and self._asks.take(FREEZE):
            self._journal.note("frozen", claim.batch_id, claim.spec.number)
            os.kill(os.getpid(), signal.SIGSTOP)

    def _reached(self, claim: Claim, step: str) -> Boundary:
        place = (claim.batch_id, claim.spec.number, claim.fence, step)
        with self._lock:
            self._steps[place] += 1
            return Boundary(step, self._steps[place])

    def _is_first(self, name: str) -> bool:
        try:
            (self._crashes / name).touch(exist_ok=False)
        except FileExistsError:
            return False
        return True
