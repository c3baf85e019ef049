"""A stand-in for the models that answers within milliseconds, and fails where it is asked to."""

import random
import time
from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from infra.chaos.asks import Asks
from infra.chaos.journal import Journal
from infra.chaos.poison import POISON
from infra.stand_in import answers
from worker.inpaint.protocol import InpaintRequest
from worker.waiting import Group, Request

#: How long a call takes, at least and at most.
CALL_SECONDS = (0.005, 0.02)


class DeviceThreadDied(BaseException):
    """What no `except Exception` holds up."""


#: A fault of a whole call, which is asked for by this name → what the call raises.
DEVICE_FAULTS: Mapping[str, BaseException] = {
    "out-of-memory": RuntimeError("CUDA out of memory (injected)"),
    "sticky-error": RuntimeError("CUDA error: device-side assert triggered (injected)"),
    "dead-thread": DeviceThreadDied("injected"),
}
#: An out-of-memory error is one of a call with mates.
LEAST_SIZES: Mapping[str, int] = {"out-of-memory": 2}


class StandIn:
    """Answers as `ResidentModels` does; its answers depend on what is asked alone."""

    def __init__(self, asks: Asks, journal: Journal) -> None:
        self._asks, self._journal = asks, journal

    def run(self, group: Group, requests: Sequence[Request]) -> Sequence[NDArray[Any]]:
        """Answer, or fail as a device would."""
        self._fail_if_asked(len(requests))
        painted = [asked for asked in requests if isinstance(asked, InpaintRequest)]
        words = [asked.prompt.partition(" ") for asked in painted]
        for _, _, poison in words:
            if poison:
                POISON[poison]()
        answered = answers(group, requests)
        time.sleep(random.uniform(*CALL_SECONDS))
        for name, _, _ in words:
            self._journal.note("painted", name)
        return answered

    def free_memory(self) -> None:
        """There is none."""

    def _fail_if_asked(self, size: int) -> None:
        for fault, error in DEVICE_FAULTS.items():
            if size >= LEAST_SIZES.get(fault, 1) and self._asks.take(fault):
                raise error
