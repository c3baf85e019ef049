"""Workers whose wall clocks are wrong by an hour, either way, beside each other."""

import signal

import numpy as np
from PIL import Image

from infra.demo.catalogue import draw
from tests.installation import DEMO_MODELS, wait_until

STYLE = f"""
mask: the dress
paint: a red dress
working_size: 128
steps: 4
painter: {DEMO_MODELS}/inpaint
segmenter: {DEMO_MODELS}/clipseg
"""
#: Read by Python before anything else: the process's wall clock jumps before it begins.
SHIFTED = """
import sys, time
sys.stderr.write("clock shifted\\n")
_time, _time_ns = time.time, time.time_ns
time.time = lambda: _time() + {seconds}
time.time_ns = lambda: _time_ns() + {seconds} * 10**9
"""
#: Long enough to be renewed under way.
QUICK = {"RESTYLE_LEASE_SECONDS": "2", "RESTYLE_THREADS": "2"}


def _worker(installation, seconds):
    folder = installation.folder / f"clock{seconds}"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(SHIFTED.format(seconds=seconds))
    path = f"{folder}:{installation.environment.get('PYTHONPATH', '')}"
    return installation.worker(**QUICK, PYTHONPATH=path)


def test_clocks_an_hour_apart_steal_nothing_and_lose_nothing(installation):
    """One worker lives an hour ahead, one an hour behind: each item is claimed once, and done."""
    shelf = installation.bucket / "clocks"
    shelf.mkdir()
    draw(78, (240, 320)).image.save(shelf / "photo.png")
    mask = np.zeros((320, 240), np.uint8)
    mask[100:200, 80:160] = 255
    Image.fromarray(mask).save(shelf / "mask.png")
    address = f"{installation.prefix}clocks/"
    row = {"source": address + "photo.png", "mask": address + "mask.png"}
    workers = [_worker(installation, seconds) for seconds in (3_600, -3_600)]
    wait_until(lambda: installation.logs().count("child started") == 2)
    batch_id = installation.submit(
        [row | {"external_id": f"sku-{number}"} for number in range(8)], STYLE
    )
    watched = installation.restyle("watch", batch_id, "--timeout", "60")
    assert watched.returncode == 0, watched.stdout + watched.stderr + installation.logs()
    items = installation.items(batch_id).values()
    assert {(item["state"], item["deliveries"], item["retries"]) for item in items} == {
        ("done", 1, 0)
    }
    assert installation.logs().count("clock shifted") >= 4  # two supervisors, two children
    assert "report refused" not in installation.logs()
    for worker in workers:
        worker.send_signal(signal.SIGTERM)
    assert [worker.wait(30) for worker in workers] == [0, 0], installation.logs()
