"""Warm-up: the models that are named are ready before the first item."""

import pytest
import structlog

from worker.devices import Device
from worker.supervisor import environment_of

OWNER = "test/cpu/0"


def events(logs, event):
    """Log entries of one kind."""
    return [entry for entry in logs if entry["event"] == event]


@pytest.fixture
def warmed(monkeypatch, new_process):
    """Start a process that is to be warmed up for something; returns it and what it logged."""

    def start(text):
        monkeypatch.setenv("RESTYLE_WARM_UP", text)
        with structlog.testing.capture_logs() as logs:
            process = new_process()
        return process, logs

    return start


def test_a_named_model_has_painted_before_the_first_item(warmed, tiny_painter):
    """Once for each size; without graphs, as on a CPU, one size is enough."""
    process, logs = warmed(f"{tiny_painter}@64,{tiny_painter}@72")
    assert process.batcher.stats().requests == 2
    assert [entry["side"] for entry in events(logs, "warmed up")] == [64, 72]


def test_nothing_is_loaded_by_default(warmed):
    """An empty setting warms nothing up."""
    process, logs = warmed("")
    assert (process.batcher.stats().batches, events(logs, "warmed up")) == (0, [])


@pytest.mark.usefixtures("photo")
def test_a_model_that_is_not_there_does_not_keep_a_worker_from_its_work(
    warmed, place, board, tmp_path
):
    """It is told, with its code; items of other models are rendered."""
    process, logs = warmed(f"{tmp_path}/nothing@64")
    (told,) = events(logs, "not warmed up")
    assert told["code"] == "model_missing"
    process.seat.take(place(), OWNER)
    assert board.item("b", 0).result is not None


def test_what_was_compiled_outlives_a_process(monkeypatch, tmp_path):
    """A child's compiler keeps its work in our cache, unless the host names another place."""
    # Torch sets it for itself in a process that has compiled something, as this one may.
    monkeypatch.delenv("TORCHINDUCTOR_CACHE_DIR", raising=False)
    kept = environment_of(Device("0"))
    assert kept["TORCHINDUCTOR_CACHE_DIR"] == str(tmp_path / "cache" / "restyle" / "inductor")
    assert kept["CUDA_VISIBLE_DEVICES"] == "0"
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", "/elsewhere")
    assert environment_of(Device("0"))["TORCHINDUCTOR_CACHE_DIR"] == "/elsewhere"
