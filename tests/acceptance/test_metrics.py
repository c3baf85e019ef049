"""Metrics over HTTP, from a worker and a steward as people start them."""

import json
import signal
import socket

import numpy as np
import pytest
from PIL import Image

from infra.demo.catalogue import draw, mask_of
from infra.demo.services import free_port
from tests.installation import DEMO_MODELS, wait_until
from tests.metrics import scrape

STYLE = f"""
mask: the dress
paint: a red dress
working_size: 128
steps: 2
segmenter: {DEMO_MODELS}/clipseg
painter: {DEMO_MODELS}/inpaint
"""
STAGES = {"fetch", "wait", "decode", "mask", "inpaint", "composite", "encode", "upload"}


@pytest.fixture(scope="module")
def rows(installation):
    """Four good pictures, one of them with a black mask, and one that is not there."""
    photos, address = installation.bucket / "photos", f"{installation.prefix}photos/"
    photos.mkdir()
    drawing = draw(7, (160, 200))
    drawing.image.save(photos / "one.png")
    person = mask_of(drawing, "clothes").astype(np.uint8) * 255
    Image.fromarray(person).save(photos / "one-mask.png")
    Image.new("L", drawing.image.size, 0).save(photos / "black-mask.png")
    good = {"source": address + "one.png", "mask": address + "one-mask.png"}
    black = good | {"mask": address + "black-mask.png"}
    gone = good | {"source": address + "gone.png"}
    rows = [good, good, good, good, black, gone]
    return [row | {"external_id": f"sku-{number}"} for number, row in enumerate(rows)]


def _served(port):
    try:
        return scrape(port)
    except OSError:
        return None


def test_what_a_worker_and_a_steward_serve_agrees_with_the_board(installation, rows):
    """Items by state and code, lanes, stages and calls: HTTP tells what the board tells."""
    worker_port, steward_port = free_port(), free_port()
    steward = installation.start(
        "producer", "steward", RESTYLE_STEWARD_METRICS_PORT=str(steward_port)
    )
    wait_until(lambda: _served(steward_port))
    batch_id = installation.submit(rows, STYLE, "--lane", "bulk")
    assert scrape(steward_port)["restyle_lane_waiting_items"] == {
        ("urgent",): 0,
        ("standard",): 0,
        ("bulk",): len(rows),
    }
    worker = installation.worker(RESTYLE_METRICS_PORT=str(worker_port), RESTYLE_FIGURES_SECONDS="1")
    assert installation.restyle("watch", batch_id, "--timeout", "90").returncode == 1
    counts = installation.counts(batch_id)
    told = wait_until(lambda: _agreeing(worker_port, counts))
    assert told["restyle_items_total"] == {
        ("", "done"): 4,
        ("mask_empty", "failed"): 1,
        ("object_missing", "failed"): 1,
    }
    assert {stage for (stage,) in told["restyle_stage_seconds_count"]} == STAGES
    assert told["restyle_stage_seconds_count"]["upload",] == 4
    assert told["restyle_batch_size_sum"][()] == 4
    assert told["restyle_device_busy_seconds_total"][()] > 0
    assert told["restyle_batcher_waiting"] == told["restyle_in_hand_items"] == {(): 0}
    board = scrape(steward_port)
    assert set(board["restyle_lane_waiting_items"].values()) == {0}
    assert (board["restyle_claimed_items"], board["restyle_board_up"]) == ({(): 0}, {(): 1})
    for process in (worker, steward):
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0, installation.logs()
    assert _served(worker_port) is _served(steward_port) is None
    assert "figures" in _events(installation)


def _agreeing(port, counts):
    """The worker's metrics, once the last report and the last stages are counted."""
    told = scrape(port)
    ended = sum(told["restyle_items_total"].values())
    idle = told["restyle_in_hand_items"][()] == 0
    return told if idle and ended == counts["done"] + counts["failed"] else None


def _events(installation):
    return {json.loads(line)["event"] for line in installation.logs().splitlines() if "{" in line}


@pytest.mark.slow
def test_a_worker_whose_port_is_taken_works_all_the_same(installation, rows):
    """One warning that names the port; the batch is rendered."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        worker = installation.worker(RESTYLE_METRICS_PORT=str(port))
        batch_id = installation.submit(rows[:1], STYLE)
        assert installation.restyle("watch", batch_id, "--timeout", "90").returncode == 0
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(30) == 0
    lines = [line for line in installation.logs().splitlines() if "metrics are not served" in line]
    assert [json.loads(line)["port"] for line in lines] == [port]
