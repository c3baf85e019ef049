"""A steward and batches that stopped: windows open anew, and each stop is told once."""

from datetime import UTC, datetime, timedelta

import pytest

from producer.steward.halts import look_after_halts
from shared.brakes import Brakes, Breaker, Caps, Pilot
from shared.windows import Window

LEASE = 60.0


@pytest.fixture
def told():
    """What was announced: batch, event and occasion; the same thing as often as it was told."""
    return []


@pytest.fixture
def beat(board, told):
    """One beat of a steward."""

    def tell(status, event, occasion, facts):
        told.append((status.batch.batch_id, event, occasion, facts["note"]))

    return lambda: look_after_halts(board, tell)


@pytest.fixture
def window():
    """An hour from the last full minute on, each day."""
    start = datetime.now(UTC)
    return Window(cron=f"{start.minute} {start.hour} * * *", timezone="UTC", seconds=3_600)


def test_a_window_that_has_closed_is_set_for_the_next_night(
    board, submit, beat, told, window, inspector, keys
):
    """It is told that the batch waits, and another steward that comes to it changes nothing."""
    submit(total=2, window=window)
    beat()
    now = board.status("spring")
    assert now.opens_at <= datetime.now(UTC) < now.closes_at
    assert told == []
    night = timedelta(days=1)
    board.set_window("spring", now.opens_at - night, now.closes_at - night, forced=True)
    assert board.claim("spring", 0, "w", LEASE) is None
    beat()
    beat()
    assert [event for _, event, _, _ in told] == ["batch.paused"]
    assert board.status("spring").closes_at == now.closes_at
    board.sweep(5)
    assert board.claim("spring", 0, "w", LEASE)


def test_each_stop_is_announced_under_one_name(board, submit, beat, told, failure, result):
    """However many beats see it; a second stop of the same kind has another name."""
    submit("capped", 3, brakes=Brakes(caps=Caps(items=1)))
    submit("broken", 3, brakes=Brakes(breaker=Breaker(least=1)))
    submit("pilot", 3, brakes=Brakes(pilot=Pilot(items=1)))
    board.finish(board.claim("capped", 0, "w", LEASE), result)
    assert board.claim("capped", 1, "w", LEASE) is None
    board.finish(board.claim("broken", 0, "w", LEASE), failure)
    board.finish(board.claim("pilot", 2, "w", LEASE), result)
    beat()
    beat()
    assert len(told) == 6
    assert {(batch, event) for batch, event, _, _ in told} == {
        ("capped", "batch.paused"),
        ("broken", "batch.paused"),
        ("pilot", "batch.pilot_ready"),
    }
    assert len(set(told)) == 3


def test_what_a_person_paused_or_cancelled_is_no_news(board, submit, beat, told):
    """They know."""
    submit("paused")
    submit("cancelled")
    board.pause("paused")
    board.cancel("cancelled")
    beat()
    assert told == []
