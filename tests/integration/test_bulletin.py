"""The line of figures that a worker writes while it works, and its silence while it does not."""

from itertools import count

import pytest
from structlog.testing import capture_logs

from infra.demo.services import free_port
from shared.board import StatusBoard
from shared.settings import load_settings
from tests.installation import wait_until
from worker.batching import BatcherStats
from worker.bulletin import Bulletin
from worker.figures import Snapshot
from worker.tally import Counts

OWNER = "test/cpu/0"
STAGES = ["fetch", "wait", "decode", "mask", "inpaint", "composite", "encode", "upload"]


@pytest.fixture
def lines():
    """The lines that were logged so far, of all threads."""
    with capture_logs() as captured:
        yield captured


def _lines(lines, event):
    return [line for line in lines if line["event"] == event]


@pytest.fixture
def every_second(monkeypatch):
    """Figures each second."""
    monkeypatch.setenv("RESTYLE_FIGURES_SECONDS", "1")


def test_a_worker_logs_what_it_did(every_second, lines, new_process, photo, place):
    """One item done and one failed are in the next line, with stages, batches and lanes."""
    process = new_process()
    process.seat.take(place("a", variants=2), OWNER)
    process.seat.take(place("b", digest="f" * 64), OWNER)
    told = wait_until(lambda: [line for line in _lines(lines, "figures") if line["failed"]])[0]
    assert any(line["images_per_minute"] for line in _lines(lines, "figures"))
    # A call may end in the second before its item does.
    assert any(line["mean_batch"] for line in _lines(lines, "figures"))
    assert any(line["device_busy_percent"] > 0 for line in _lines(lines, "figures"))
    assert any(list(line["stage_seconds"]) == STAGES for line in _lines(lines, "figures"))
    assert told["failed"] == {"model_changed": 1}
    assert told["lanes"] == {"urgent": 0, "standard": 0, "bulk": 0}


def test_an_idle_worker_says_so_once(every_second, lines, process, photo, place):
    """After one idle line comes silence, and the next item breaks it."""
    wait_until(lambda: _lines(lines, "idle"))
    process.seat.take(place(), OWNER)
    wait_until(lambda: len(_lines(lines, "idle")) == 2)
    events = [line["event"] for line in lines if line["event"] in ("idle", "figures")]
    assert events[0] == events[-1] == "idle"
    assert set(events[1:-1]) == {"figures"}


def test_figures_are_told_while_redis_is_away(lines, monkeypatch):
    """Then without the lanes."""
    monkeypatch.setenv("RESTYLE_REDIS_URL", f"redis://127.0.0.1:{free_port()}/0")
    board, clock = StatusBoard.connect(load_settings()), count(0.0, 60.0)
    nothing = {"counts": Counts({}, {}), "device": BatcherStats(), "waiting": 0, "in_hand": 1}
    bulletin = Bulletin(board, lambda: Snapshot(at=next(clock), **nothing))
    bulletin.tell()
    assert _lines(lines, "figures") == []
    bulletin.tell()
    (line,) = _lines(lines, "figures")
    assert (line["lanes"], line["in_hand"], line["seconds"]) == (None, 1, 60.0)
