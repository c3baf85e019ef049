"""Nights without end: what has ended leaves, so that the board holds a month of them."""

from datetime import UTC, datetime, timedelta

import pytest
import redis

from infra.s3.memory import MemoryStore
from producer.batches import BatchReader
from producer.steward import Ending, retire_batches
from shared.board import StatusBoard
from shared.jobs import Batch, Failure, ItemSpec
from shared.keys import BoardKeys
from shared.settings import Settings, load_settings
from shared.states import ItemState
from shared.styles import Style
from tests.inner_s3 import inner_store

ITEMS, DAYS = 3, 30
NIGHT = timedelta(days=1)
#: A batch is its record, specs, outcomes, a set for each of two states, and its items.
MOST_KEYS = (DAYS + 1) * (3 + 2 + ITEMS) + 10
FAILURE = Failure(code="mask_empty", message="Nothing was found.", hint="Supply a mask.")

LIMITS = Settings().limits


@pytest.fixture
def inspector(restyle_environment):
    """A plain client, to look inside and to move clocks."""
    url = load_settings().redis_url.get_secret_value()
    with redis.Redis.from_url(url, decode_responses=True) as client:
        yield client


class Nights:
    """Nights of a shop, each with a batch; the clock goes on by a day after each."""

    def __init__(self, board, store, inspector, output):
        self.board, self.store, self.inspector, self.output = board, store, inspector, output
        self.keys = BoardKeys(load_settings().namespace)
        self.first = datetime(2026, 1, 1, 1, tzinfo=UTC)

    def play(self, number: int) -> list[str]:
        """Submit, render, end; then the steward's beat of the morning. Returns who retired."""
        batch_id, now = f"night-{number:03}", self.first + number * NIGHT
        self._submit(batch_id, now)
        for item in range(ITEMS):
            self.board.finish(self.board.claim(batch_id, item, "w", 60.0), FAILURE)
        assert Ending(self.board, self.store, LIMITS).end_batches() == [batch_id]
        self._date(batch_id, now)
        return retire_batches(Ending(self.board, self.store, LIMITS), DAYS, now=now)

    def _submit(self, batch_id: str, now: datetime) -> None:
        batch = Batch(
            batch_id=batch_id,
            submitted_at=now,
            output=self.output,
            style=Style(mask="the dress", paint="a red dress"),
            models={},
            total=ITEMS,
            manifest_digest="a" * 64,
        )
        sources = (f"{self.output}{number}.jpg" for number in range(ITEMS))
        specs = [ItemSpec(number=n, external_id=f"D-{n}", source=s) for n, s in enumerate(sources)]
        self.board.open_batch(batch)
        self.board.add_items(batch_id, specs)
        self.board.seal_batch(batch_id)

    def _date(self, batch_id: str, now: datetime) -> None:
        """Let the batch have ended in its night, as Redis' clock would have told."""
        moment = round(now.timestamp() * 1000)
        self.inspector.hset(self.keys.batch(batch_id), "ended", moment)
        self.inspector.zadd(self.keys.ended, {batch_id: moment})

    def board_keys(self) -> list[str]:
        """Every key of the board."""
        return list(self.inspector.scan_iter(f"{self.keys.prefix}:*", count=1_000))

    def board_bytes(self) -> int:
        """What all of them take."""
        with self.inspector.pipeline(transaction=False) as asked:
            for key in self.board_keys():
                asked.memory_usage(key)
            return sum(size or 0 for size in asked.execute())


@pytest.mark.parametrize("count", [120, pytest.param(365, marks=pytest.mark.slow)])
def test_nights_do_not_fill_the_board(inspector, count):
    """After each month the board holds the last thirty nights only; S3 still tells of the first."""
    board, store = StatusBoard.connect(load_settings()), inner_store(MemoryStore())
    nights = Nights(board, store, inspector, "s3://shop/out/")
    retired, keys, sizes = [], [], []
    for number in range(count):
        retired += nights.play(number)
        if number % 30 == 29:
            keys.append(len(nights.board_keys()))
            sizes.append(nights.board_bytes())
    assert retired == [f"night-{number:03}" for number in range(count - DAYS)]
    assert len(board.batches(count)) == DAYS
    assert max(keys) <= MOST_KEYS
    # From the second month on only the index grows, by a small entry a night.
    growth = (sizes[-1] - sizes[1]) / (len(sizes) - 2) / 30
    assert growth < 250, sizes
    with BatchReader(board, lambda: store).open("night-000") as first:
        assert first.status.counts[ItemState.FAILED] == first.status.batch.total == ITEMS
        assert [item.failure.code for item in first.items()] == ["mask_empty"] * ITEMS
    board.close()
