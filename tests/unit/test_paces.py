"""The pace that the API tells of a batch: from what is seen of it, and the same while it stands."""

from datetime import UTC, datetime

import pytest

from producer.backoffice.paces import MOST_BATCHES, STALE_SECONDS, Paces
from shared.jobs import Batch, BatchStatus
from shared.states import ItemState
from shared.styles import Style

NOON = datetime(2026, 10, 3, 12, tzinfo=UTC)


class Clock:
    """A monotonic clock that the test moves."""

    seconds = 0.0

    def __call__(self) -> float:
        """Now."""
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    """A clock at 0."""
    return Clock()


def standing(done: int, name: str = "autumn", **fields: object) -> BatchStatus:
    """A batch of 100 with so many done."""
    batch = Batch(
        batch_id=name,
        submitted_at=NOON,
        output="s3://shop/out/",
        style=Style(mask="the dress", paint="a red dress"),
        models={},
        total=100,
        manifest_digest="a" * 64,
    )
    counts = {ItemState.DONE: done, ItemState.QUEUED: 100 - done}
    return BatchStatus(batch=batch, counts=counts, **fields)


def test_the_rate_is_that_of_what_was_seen(clock):
    """Ten more in 20 seconds are 30 a minute; 80 more take 160 seconds."""
    paces = Paces(clock)
    assert paces.progress(standing(10)).rate_per_minute is None
    clock.seconds = 20
    progress = paces.progress(standing(20))
    assert (progress.rate_per_minute, progress.seconds_left) == (30, 160)


def test_a_batch_that_did_not_move_is_told_the_same(clock):
    """Or its ETag would change with every look; after a while the rate says nothing any more."""
    paces = Paces(clock)
    paces.progress(standing(10))
    clock.seconds = 20
    told = paces.progress(standing(20))
    clock.seconds = 20 + STALE_SECONDS
    assert paces.progress(standing(20)) == told
    clock.seconds += 1
    assert paces.progress(standing(20)).rate_per_minute is None


def test_a_paused_batch_has_no_time_left_to_tell(clock):
    """Nobody knows when it goes on."""
    paces = Paces(clock)
    paces.progress(standing(10))
    clock.seconds = 20
    assert paces.progress(standing(20, paused=True)).seconds_left is None


def test_only_so_many_batches_are_remembered(clock):
    """Whoever polls made-up or old batches takes no memory."""
    paces = Paces(clock)
    for number in range(MOST_BATCHES + 5):
        paces.progress(standing(1, f"b-{number}"))
    assert len(paces._seen) == MOST_BATCHES
