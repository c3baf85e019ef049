"""A worker whose queue somebody else writes to."""

import signal

import pytest
import redis

from shared.keys import BoardKeys
from tests.forgeries import forged, unreadable
from tests.installation import DEMO_MODELS, wait_until

STYLE = f"""
mask: the dress
paint: a red dress
working_size: 128
steps: 2
segmenter: {DEMO_MODELS}/clipseg
painter: {DEMO_MODELS}/inpaint
"""
#: Bytes of a message that nobody of ours would write.
HUGE = 30_000_000


@pytest.fixture
def client(installation):
    """Whoever may write to this Redis."""
    with redis.Redis.from_url(installation.environment["RESTYLE_REDIS_URL"]) as client:
        yield client


def _rows(installation, count):
    row = installation.shelve("forged")
    return [row | {"external_id": f"sku-{number}"} for number in range(count)]


def test_a_worker_outlives_whatever_lies_in_its_queue(installation, client):
    """Foreign bytes cost neither its process, nor a slot, nor an item; each is told why.

    More of them than the worker has slots, of every kind, and one that is larger than a picture;
    then a batch, whose own messages lie behind them, ends in full.
    """
    namespace = installation.environment["RESTYLE_NAMESPACE"]
    queue = f"{namespace}:queue:{namespace}-items"
    link = {"task": "restyle.render", "args": [1], "kwargs": {}, "options": {}, "immutable": True}
    follow_up = forged(3, embed={"callbacks": [link], "chain": [link]})
    foreign = unreadable()
    client.lpush(queue, *foreign.values(), b"x" * HUGE, follow_up)
    batch_id = installation.submit(_rows(installation, 4), STYLE)
    worker = installation.worker(RESTYLE_THREADS="2")
    watched = installation.restyle("watch", batch_id, "--timeout", "90")
    assert watched.returncode == 0, watched.stdout + watched.stderr + installation.logs()
    assert installation.counts(batch_id)["done"] == 4
    client.lpush(queue, b"the last one")
    dead = BoardKeys(namespace).dead
    wait_until(lambda: client.llen(dead) == len(foreign) + 2)
    (listed,) = installation.json("dead", "--limit", "1000")
    assert listed[0]["body"] == "the last one"
    assert any(one["reason"].startswith("it has 30,000,000 bytes") for one in listed)
    assert all(one["reason"] and one["where"] for one in listed)
    logs = installation.logs()
    assert logs.count("child started") == 1
    assert "child died" not in logs
    assert "Traceback" not in logs
    assert client.hlen(f"{namespace}:queue:unacked") == 0
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(30) == 0, installation.logs()
