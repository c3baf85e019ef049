"""Processes whose wall clocks are wrong by an hour, either way, on one board."""

import signal

from tests.installation import DEMO_MODELS

STYLE = f"""
mask: the dress
paint: a red dress
working_size: 128
steps: 4
painter: {DEMO_MODELS}/inpaint
segmenter: {DEMO_MODELS}/clipseg
"""
#: Read by Python before anything else: the wall clock of a process jumps before it begins.
SHIFTED = """
import sys, time
seconds = 3600 if "worker.child" in sys.orig_argv else -3600
sys.stderr.write(f"clock shifted by {seconds}\\n")
_time, _time_ns = time.time, time.time_ns
time.time = lambda: _time() + seconds
time.time_ns = lambda: _time_ns() + seconds * 10**9
"""
#: Short, so that claims are renewed under way; not so short that a busy machine misses them.
QUICK = {"RESTYLE_LEASE_SECONDS": "3", "RESTYLE_THREADS": "2"}


def test_clocks_an_hour_apart_steal_nothing_and_lose_nothing(installation):
    """The dispatcher lives an hour behind, the worker an hour ahead: each item is claimed once."""
    row = installation.shelve("clocks")
    (installation.folder / "sitecustomize.py").write_text(SHIFTED)
    path = f"{installation.folder}:{installation.environment.get('PYTHONPATH', '')}"
    worker = installation.worker(**QUICK, PYTHONPATH=path)
    batch_id = installation.submit(
        [row | {"external_id": f"sku-{number}"} for number in range(5)], STYLE
    )
    watched = installation.restyle("watch", batch_id, "--timeout", "60")
    assert watched.returncode == 0, watched.stdout + watched.stderr + installation.logs()
    items = installation.items(batch_id).values()
    assert {(item["state"], item["deliveries"], item["retries"]) for item in items} == {
        ("done", 1, 0)
    }
    logs = installation.logs()
    assert ("shifted by 3600" in logs, "shifted by -3600" in logs) == (True, True)
    assert "report refused" not in logs
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(30) == 0, installation.logs()
