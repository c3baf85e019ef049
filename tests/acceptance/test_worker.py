"""The worker as processes: faults of items, killed children, drains."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import redis
from PIL import Image

from infra.demo.catalogue import draw, mask_of
from tests.installation import DEMO_MODELS, wait_until

STYLE = f"""
mask: the dress
paint: a red dress
working_size: 128
steps: 4
segmenter: {DEMO_MODELS}/clipseg
painter: {DEMO_MODELS}/inpaint
"""


@pytest.fixture(scope="module")
def shelf(installation):
    """Pictures and their own masks, so that no segmenter is needed."""
    folder = installation.bucket / "photos"
    folder.mkdir()
    for number in range(12):
        drawing = draw(900 + number, (240, 320))
        drawing.image.save(folder / f"{number}.png")
        person = mask_of(drawing, "clothes").astype(np.uint8) * 255
        Image.fromarray(person).save(folder / f"{number}-mask.png")
    return folder


def _rows(installation, count=12, **more):
    photos = f"{installation.prefix}photos/"
    return [
        {"source": f"{photos}{n}.png", "external_id": f"sku-{n}", "mask": f"{photos}{n}-mask.png"}
        | more
        for n in range(count)
    ]


def _children(process):
    done = subprocess.run(
        ["pgrep", "-P", str(process.pid)], capture_output=True, text=True, check=False
    )
    return [int(line) for line in done.stdout.split()]


def test_items_fail_alone_with_the_same_words_everywhere(installation, shelf):
    """Each bad item fails with its own code; CLI, --json and sidecar say the same; others go on."""
    (shelf / "page.jpg").write_text("<html><body>404</body></html>")
    (shelf / "cut.png").write_bytes((shelf / "0.png").read_bytes()[:2_000])
    (shelf / "empty.jpg").write_bytes(b"")
    Image.new("L", (10, 10), 255).save(shelf / "small-mask.png")
    Image.new("L", (240, 320), 0).save(shelf / "black-mask.png")
    Image.new("L", (240, 320), 255).save(shelf / "white-mask.png")
    photos, good = f"{installation.prefix}photos/", _rows(installation, 1)[0]
    due = {
        "gone": ({"source": photos + "gone.jpg"}, "object_missing"),
        "page": ({"source": photos + "page.jpg"}, "image_markup"),
        "cut": ({"source": photos + "cut.png"}, "image_truncated"),
        "empty": ({"source": photos + "empty.jpg"}, "image_empty"),
        "small": ({"mask": photos + "small-mask.png"}, "mask_mismatch"),
        "black": ({"mask": photos + "black-mask.png"}, "mask_empty"),
        "white": ({"mask": photos + "white-mask.png"}, "mask_too_large"),
        "fine": ({}, None),
    }
    rows = [good | {"external_id": name} | change for name, (change, _) in due.items()]
    batch_id = installation.submit(rows, STYLE)
    process = installation.worker()
    watched = installation.restyle("watch", batch_id, "--timeout", "90")
    assert watched.returncode == 1, watched.stderr + installation.logs()
    items = installation.items(batch_id)
    codes = {name: (item["failure"] or {}).get("code") for name, item in items.items()}
    assert codes == {name: code for name, (_, code) in due.items()}
    told = installation.restyle("items", batch_id, "--state", "failed").stdout
    written = [json.loads(path.read_text()) for path in shelf.parent.rglob("*.failed.json")]
    by_id = {sidecar["external_id"]: sidecar["error"] for sidecar in written}
    for name, item in items.items():
        if item["failure"]:
            told_here = {key: value for key, value in item["failure"].items() if key != "sidecar"}
            assert by_id[name] == told_here
            assert item["failure"]["sidecar"].endswith(".failed.json")
            assert item["failure"]["code"] in told
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0, installation.logs()


def test_a_killed_child_loses_nothing(installation, shelf):
    """Kill -9 of the device's process: its items are rendered by its successor, each once."""
    batch_id = installation.submit(_rows(installation, variants=2), STYLE)
    process = installation.worker()
    wait_until(lambda: installation.counts(batch_id).get("done", 0) >= 1)
    for pid in wait_until(lambda: _children(process)):
        subprocess.run(["kill", "-9", str(pid)], check=True)
    watched = installation.restyle("watch", batch_id, "--timeout", "90")
    assert watched.returncode == 0, watched.stderr + installation.logs()
    assert installation.counts(batch_id)["done"] == 12
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0, installation.logs()


def test_a_drain_hands_everything_back(installation, shelf):
    """SIGTERM: exit 0, nothing stays claimed, and the next worker finishes the batch."""
    batch_id = installation.submit(_rows(installation, variants=4), STYLE)
    process = installation.worker()
    wait_until(lambda: installation.counts(batch_id).get("running", 0) >= 2)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0, installation.logs()
    counts = installation.counts(batch_id)
    assert counts.get("running", 0) == 0
    assert sum(counts.values()) == 12
    successor = installation.worker()
    assert installation.restyle("watch", batch_id, "--timeout", "90").returncode == 0
    deliveries = [item["deliveries"] for item in installation.items(batch_id).values()]
    assert deliveries == [1] * 12
    successor.send_signal(signal.SIGTERM)
    assert successor.wait(30) == 0, installation.logs()


def test_a_second_signal_hands_everything_back_at_once(installation, shelf):
    """Who cannot wait for the batch on the device sends SIGTERM twice: nothing stays claimed."""
    batch_id = installation.submit(_rows(installation, variants=8, steps=200), STYLE)
    process = installation.worker()
    wait_until(lambda: installation.counts(batch_id).get("running", 0) >= 8)
    (child,) = _children(process)
    process.send_signal(signal.SIGTERM)
    wait_until(lambda: "draining" in installation.logs().rpartition("child started")[2])
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 1, installation.logs()
    assert not Path(f"/proc/{child}").exists()
    assert installation.counts(batch_id).get("running", 0) == 0
    assert all(item["strikes"] == 0 for item in installation.items(batch_id).values())
    assert installation.restyle("cancel", batch_id).returncode == 0


def test_a_lost_queue_loses_no_item(installation, shelf, redis_server):
    """The whole database of the broker is emptied amid a batch: all messages are sent again."""
    broker = redis_server.url.rpartition("/")[0] + "/7"
    own = {"RESTYLE_BROKER_URL": broker, "RESTYLE_REPUBLISH_SECONDS": "1", "RESTYLE_THREADS": "2"}
    before = dict(installation.environment)
    installation.environment |= own
    batch_id = installation.submit(_rows(installation), STYLE)
    process = installation.worker()
    wait_until(lambda: installation.counts(batch_id).get("done", 0) >= 1)
    with redis.Redis.from_url(broker) as client:
        assert client.dbsize()
        client.flushdb()
    watched = installation.restyle("watch", batch_id, "--timeout", "90")
    assert watched.returncode == 0, watched.stdout + watched.stderr + installation.logs()
    assert installation.counts(batch_id)["done"] == 12
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0, installation.logs()
    installation.environment.clear()
    installation.environment |= before


def test_a_cancelled_batch_stops(installation, shelf):
    """Cancel takes effect at once for waiting items, and running ones end as cancelled."""
    batch_id = installation.submit(_rows(installation, variants=8, steps=40), STYLE)
    process = installation.worker()
    wait_until(lambda: installation.counts(batch_id).get("running", 0) >= 1)
    assert installation.restyle("cancel", batch_id).returncode == 0
    watched = installation.restyle("watch", batch_id, "--timeout", "30")
    assert watched.returncode == 1
    counts = installation.counts(batch_id)
    assert counts["cancelled"] + counts.get("done", 0) == 12
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0, installation.logs()


def test_a_device_that_is_not_there_is_named():
    """`--devices 7` on a host without that GPU is one clear sentence, not a traceback."""
    command = [sys.executable, "-m", "worker", "--devices", "7"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "device_missing" in done.stderr
    assert "Traceback" not in done.stderr
