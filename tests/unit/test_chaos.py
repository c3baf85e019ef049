"""The chaos run's own parts: schedule, catalogue, asks, and S3 that fails."""

import random
from collections import Counter

import pytest

from infra.chaos.asks import Asks
from infra.chaos.catalogue import stock
from infra.chaos.faults import FAULTS
from infra.chaos.faulty_s3 import faulty_s3
from infra.chaos.poison import CODES, POISON
from infra.chaos.schedule import schedule
from infra.s3.memory import MemoryStore
from shared.keys import S3Address
from shared.s3 import ObjectStore


def test_a_seed_decides_what_happens_when():
    """The same seed gives the same schedule, another one another."""
    one, again, other = (schedule(seed, list(FAULTS), 4, 60, 1.5) for seed in (1, 1, 2))
    assert one == again
    assert one != other


def test_every_fault_comes_before_any_comes_twice():
    """A run that is long enough has all of them."""
    planned = schedule(3, list(FAULTS), 4, 200, 1.5)
    assert set(Counter(each.fault for each in planned[: len(FAULTS)]).values()) == {1}
    assert all(4 <= each.at < 200 for each in planned)


def test_the_catalogue_has_its_poison_and_no_other():
    """Every row has a source; the poison is of known kinds, each with the code that is due."""
    store = MemoryStore()
    rows = [row for shelf in stock(store, 120, 5, poisoned=True) for row in shelf.rows]
    assert len(rows) == 120
    assert {row.source.removeprefix("s3://") for row in rows} == set(store.objects())
    poison = [row for row in rows if row.poison]
    assert len(poison) == 2
    assert {row.failure_code for row in poison} <= set(CODES.values())
    assert set(CODES) == set(POISON)
    clean = [row for shelf in stock(store, 120, 5, poisoned=False) for row in shelf.rows]
    assert not any(row.failure_code for row in clean)


def test_an_ask_is_taken_once(tmp_path):
    """Of several who look, one finds it; of several asks, each is found."""
    asks = Asks(tmp_path)
    asks.ask("sticky-error", random.Random(1))
    asks.ask("sticky-error", random.Random(2))
    assert not asks.take("dead-thread")
    assert [asks.take("sticky-error") for _ in range(3)] == [True, True, False]


@pytest.fixture
def s3(monkeypatch):
    """An S3 that fails at half of all requests, and its store."""
    with faulty_s3(1) as (server, environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        server.share = 0.3
        yield server


def test_a_failing_s3_remembers_what_was_written(s3):
    """What our client could write lies there, whole, and each writing was noted."""
    store, address = ObjectStore.connect(), S3Address("chaos", "a.txt")
    store.put(address, b"one", content_type="text/plain")
    assert store.get(address) == b"one"
    assert {put.path for put in s3.puts} == {"chaos/a.txt"}
