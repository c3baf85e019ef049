"""What no error of ours foresaw, raised in an item's way: the item ends, the slot stays."""

from dataclasses import replace

import pytest

from shared.s3 import Probe
from shared.settings import load_settings
from shared.states import ItemState
from worker import tasks
from worker.outage import Outages
from worker.seat import Seat
from worker.tally import Tally

OWNER = "test/cpu/0"


class Dying:
    """A pipeline in which an item does not come far."""

    def __init__(self, death):
        self._death = death

    def render(self, work):
        """Raise what the test asks for."""
        raise self._death

    def record_failure(self, claim, error):
        """No sidecar."""


@pytest.fixture
def dying(process, board):
    """The same process around another pipeline."""

    def dying(death):

        outages = Outages(board, Probe.connect(), process.in_hand.draining)
        seat = Seat(board, Dying(death), process.in_hand, Tally(), load_settings(), outages)
        return replace(process, seat=seat)

    return dying


@pytest.mark.parametrize(
    ("death", "state", "code"),
    [
        (MemoryError(), ItemState.QUEUED, None),
        (SystemExit(3), ItemState.FAILED, "internal"),
        (KeyboardInterrupt(), ItemState.FAILED, "internal"),
        (RecursionError(), ItemState.FAILED, "internal"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_whatever_an_item_raises_ends_that_item_only(
    dying, process, board, photo, place, death, state, code
):
    """The message is acknowledged, no thread and no claim is left, and the next item is done."""
    message = place("a")
    tasks.take(dying(death), message.model_dump(mode="json"))
    item = board.item("a", 0)
    assert (item.state, item.failure and item.failure.code) == (state, code)
    assert item.retries == (1 if state is ItemState.QUEUED else 0)
    assert (process.in_hand.threads, len(process.in_hand)) == (0, 0)
    tasks.take(process, place("b").model_dump(mode="json"))
    assert board.item("b", 0).state is ItemState.DONE


def test_an_item_that_never_fits_into_memory_fails_by_name(dying, monkeypatch, board, photo, place):
    """After its tries on this host or another."""
    monkeypatch.setenv("RESTYLE_MAX_RETRIES", "0")
    tasks.take(dying(MemoryError()), place().model_dump(mode="json"))
    failure = board.item("b", 0).failure
    assert (failure.code, "no memory left" in failure.message) == ("memory_short", True)
