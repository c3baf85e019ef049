"""An item that fails or stops while it is painted: the device is not kept busy for it."""

import threading

import numpy as np
import pytest

from shared.errors import OutputNotFinite
from shared.states import ItemState
from worker.batching import Batcher, DeviceFaults
from worker.inpaint.protocol import InpaintRequest
from worker.waiting import BatchLimits

OWNER = "test/cpu/0"
#: Longest wait for what must come, in seconds.
LIMIT_SECONDS = 20
SIDE = 64


class Device:
    """Paints one request a call; the first call fails or waits, the others wait for the item."""

    def __init__(self, error: Exception | None) -> None:
        self.seeds: list[int] = []
        self.running, self.go_on = threading.Event(), threading.Event()
        self._error = error

    def run(self, group, requests):
        """The call."""
        self.seeds += [request.seed for request in requests]
        self.running.set()
        if len(self.seeds) == 1 and self._error is not None:
            raise self._error
        assert self.go_on.wait(LIMIT_SECONDS)
        return [np.zeros((SIDE, SIDE, 3), np.uint8) for _ in requests]

    def batcher(self) -> Batcher:
        """A real Batcher on this device."""
        never = DeviceFaults(
            is_out_of_memory=lambda error: False,
            is_fatal=lambda error: False,
            free_memory=lambda: None,
        )
        limits = BatchLimits(max_batch=1, wait_seconds=0)
        return Batcher(self.run, limits=limits, faults=never, on_fatal=lambda error: None)


def onto(process, device):
    """Let the process paint on a device; returns its Batcher, not started."""
    batcher = device.batcher()
    process.seat._pipeline._inpainting._batcher = batcher
    return batcher


def another(batcher, model):
    """The request of another item, last in the same queue; returns its answer's future."""
    blank = np.zeros((SIDE, SIDE, 3), np.uint8)
    fields = {"steps": 2, "prompt": "another item's"}
    request = InpaintRequest(model=model, picture=blank, mask=blank[..., 0], seed=7, **fields)
    return batcher.submit(request)


@pytest.mark.usefixtures("photo")
def test_a_square_that_fails_calls_its_siblings_off(process, board, place, tiny_painter):
    """What did not start is never painted; at most one had started. Another item's is."""
    device = Device(OutputNotFinite(stage="inpaint"))
    with onto(process, device) as batcher:
        process.seat.take(place(variants=8), OWNER)
        assert board.item("b", 0).state is not ItemState.RUNNING
        other = another(batcher, str(tiny_painter))
        device.go_on.set()
        assert other.result(LIMIT_SECONDS).call.batch_mates == 0
    assert len(device.seeds) <= 3
    assert device.seeds[-1] == 7


@pytest.mark.usefixtures("photo")
def test_an_item_that_must_stop_calls_its_squares_off(process, board, place, tiny_painter):
    """Cancelled while its first square is on the device, it leaves, and no other is painted."""
    device = Device(None)
    message = place(variants=8)
    with onto(process, device) as batcher:
        seat = threading.Thread(target=process.seat.take, args=(message, OWNER))
        seat.start()
        assert device.running.wait(LIMIT_SECONDS)
        board.cancel("b")
        process.in_hand.renew()
        seat.join(LIMIT_SECONDS)
        assert not seat.is_alive()
        other = another(batcher, str(tiny_painter))
        device.go_on.set()
        other.result(LIMIT_SECONDS)
    assert len(device.seeds) == 2
    assert device.seeds[-1] == 7
