"""Redis that is away or full under a busy worker: it waits and goes on; no render is lost."""

import signal

import pytest
import redis

from infra.demo import services
from tests.installation import DEMO_MODELS, wait_until

STYLE = f"""
mask: the dress
paint: a red dress
working_size: 128
steps: 30
painter: {DEMO_MODELS}/inpaint
segmenter: {DEMO_MODELS}/clipseg
"""

#: Leases shorter than the outage; messages that Redis lost are missed early.
QUICK = {"RESTYLE_LEASE_SECONDS": "6", "RESTYLE_REPUBLISH_SECONDS": "1"}


@pytest.fixture(scope="module")
def rows(installation):
    """Ten rows of one picture with its own mask."""
    row = installation.shelve("outages")
    return [row | {"external_id": f"sku-{number}"} for number in range(10)]


def _ended(installation, batch_id, worker):
    """Watch to the end, stop the worker, and return the items."""
    watched = installation.restyle("watch", batch_id, "--timeout", "60")
    assert watched.returncode == 0, watched.stdout + watched.stderr + installation.logs()
    items = list(installation.items(batch_id).values())
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(30) == 0, installation.logs()
    return items


def test_no_render_is_lost_by_a_redis_that_was_away_past_the_leases(installation, rows, tmp_path):
    """Kill it under busy threads, start it when leases have run out: each item is painted once."""
    port = services.free_port()
    with services.redis_server(tmp_path, port=port) as server:
        installation.environment["RESTYLE_REDIS_URL"] = server.url
        batch_id = installation.submit(rows, STYLE)
        worker = installation.worker(RESTYLE_THREADS="4", **QUICK)
        wait_until(lambda: _is_in_full_swing(installation.counts(batch_id)))
        server.process.kill()
        server.process.wait()
        told = installation.restyle("status", batch_id)
        assert (told.returncode, told.stderr.count("cannot be reached")) == (3, 1)
        wait_until(lambda: installation.logs().count("leases were not renewed") >= 3)
    with services.redis_server(tmp_path, port=port):
        items = _ended(installation, batch_id, worker)
    assert {(item["state"], item["deliveries"], item["retries"]) for item in items} == {
        ("done", 1, 0)
    }
    assert installation.logs().count('"item done"') == len(rows)
    assert "report given up" not in installation.logs()
    assert "report refused" not in installation.logs()


def _is_in_full_swing(counts):
    return counts["done"] >= 1 and counts["running"] >= 4


def test_a_full_redis_stops_work_and_costs_no_item(installation, rows, tmp_path):
    """What is under way ends, nothing is begun; with room again all are rendered."""
    with services.redis_server(tmp_path) as server:
        installation.environment["RESTYLE_REDIS_URL"] = server.url
        batch_id = installation.submit(rows[:5], STYLE)
        worker = installation.worker(RESTYLE_THREADS="2", **QUICK)
        wait_until(lambda: installation.counts(batch_id)["running"] >= 1)
        with redis.Redis.from_url(server.url) as client:
            client.config_set("maxmemory", client.info("memory")["used_memory"] // 2)
            wait_until(lambda: installation.counts(batch_id)["running"] == 0)
            refused = installation.restyle("retry", batch_id)
            assert (refused.returncode, refused.stderr.count("redis_full")) == (3, 1)
            counts = installation.counts(batch_id)
            assert (counts["queued"] > 0, counts["failed"]) == (True, 0)
            client.config_set("maxmemory", 0)
        items = _ended(installation, batch_id, worker)
    assert {(item["state"], item["deliveries"], item["retries"]) for item in items} == {
        ("done", 1, 0)
    }
