"""Redis dies under a busy worker and comes back with its append-only file."""

import signal

from infra.demo import services
from tests.installation import DEMO_MODELS, wait_until

STYLE = f"""
mask: the dress
paint: a red dress
working_size: 128
steps: 6
painter: {DEMO_MODELS}/inpaint
segmenter: {DEMO_MODELS}/clipseg
"""
COUNT = 10


def test_a_killed_redis_loses_no_item_and_leaves_no_worker_deaf(installation, tmp_path):
    """Kill Redis while the only slot is busy; start it again only when its item has ended.

    kombu keeps the prefetch slot of a message that it could not acknowledge; with all slots kept
    the worker never reads the queue again.
    """
    row = installation.shelve("restart")
    port = services.free_port()
    with services.redis_server(tmp_path, port=port) as redis:
        installation.environment["RESTYLE_REDIS_URL"] = redis.url
        rows = [row | {"external_id": f"sku-{number}"} for number in range(COUNT)]
        batch_id = installation.submit(rows, STYLE)
        worker = installation.worker(RESTYLE_THREADS="1")
        wait_until(lambda: installation.counts(batch_id)["running"] == 1)
        redis.process.kill()
        redis.process.wait()
        # Away for so long that the item ends, and its message is acknowledged, meanwhile.
        wait_until(lambda: installation.logs().count("report given up") == 1)
    with services.redis_server(tmp_path, port=port):
        watched = installation.restyle("watch", batch_id, "--timeout", "90")
        assert watched.returncode == 0, watched.stdout + watched.stderr + installation.logs()
        assert installation.counts(batch_id)["done"] == COUNT
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(60) == 0, installation.logs()
