"""What stops a batch on its way, between two items: caps, windows, a pilot, its breaker."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.brakes import Brakes, Breaker, Caps, Pilot
from shared.errors import PilotWaits
from shared.states import ItemState
from tests.contract.conftest import make_batch, make_specs

LEASE = 60.0


@pytest.fixture
def render(board, result):
    """Claim an item and report it done, with a second on the device; False where none is given."""

    def render(number, batch_id="spring", outcome=result):
        claim = board.claim(batch_id, number, "w", LEASE)
        if claim:
            board.finish(claim, outcome)
        return claim is not None

    return render


def published(board):
    """The numbers that go out now."""
    return [hint.message.number for hint in board.take_for_publishing(99, 60)]


def soon(seconds):
    """A moment from now."""
    return datetime.now(UTC) + timedelta(seconds=seconds)


# --- caps


def test_a_cap_on_items_pauses_at_that_very_item(board, submit, render):
    """Of five items three are begun; the batch names the cap, and its rest waits."""
    submit(total=5, brakes=Brakes(caps=Caps(items=3)))
    assert published(board) == [0, 1, 2, 3, 4]
    assert [render(number) for number in range(5)] == [True, True, True, False, False]
    status = board.status("spring")
    assert (status.pause_reason, status.pause_note) == ("budget", "its cap of 3 items is used up")
    assert status.counts[ItemState.QUEUED] == 2
    assert published(board) == []


def test_a_running_item_counts_against_the_cap(board, submit):
    """Two devices together begin no more than the cap."""
    submit(total=3, brakes=Brakes(caps=Caps(items=2)))
    assert board.claim("spring", 0, "w1", LEASE)
    assert board.claim("spring", 1, "w2", LEASE)
    assert board.claim("spring", 2, "w1", LEASE) is None


def test_device_seconds_are_capped_and_told(board, submit, render, result):
    """The item that reaches the cap is the last; one under way goes on to its end."""
    submit(total=4, brakes=Brakes(caps=Caps(device_seconds=5)))
    slow = result.model_copy(update={"device_seconds": 3.25})
    assert [render(number, outcome=slow) for number in range(4)] == [True, True, False, False]
    status = board.status("spring")
    assert status.device_seconds == 6.5
    assert status.pause_note == "its cap of 5.0 device seconds is used up"


def test_who_resumes_grants_as_much_again(board, submit, render):
    """A person's word is worth another whole cap."""
    submit(total=5, brakes=Brakes(caps=Caps(items=2)))
    assert [render(number) for number in range(3)] == [True, True, False]
    board.resume("spring")
    assert [render(number) for number in (2, 3, 4)] == [True, True, False]


def test_a_cap_that_is_not_reached_stops_nothing(board, submit, render):
    """As many items as the cap: the batch ends."""
    submit(total=2, brakes=Brakes(caps=Caps(items=2)))
    assert [render(0), render(1)] == [True, True]
    assert board.unended() == ["spring"]
    assert not board.status("spring").paused


# --- windows


def test_nothing_is_given_out_before_the_window_opens(board, submit, inspector, keys):
    """Neither published nor claimed; from its opening on a sweep brings the batch back."""
    submit(total=2)
    board.set_window("spring", soon(3_600), soon(7_200))
    assert published(board) == []
    assert board.claim("spring", 0, "w", LEASE) is None
    inspector.hset(keys.batch("spring"), "opens", 1)
    inspector.zadd(keys.windows, {"spring": 1})
    board.sweep(5)
    assert published(board) == [0, 1]
    assert board.claim("spring", 0, "w", LEASE)


def test_at_the_windows_end_running_items_go_on_and_no_other_begins(
    board, submit, result, inspector, keys
):
    """A message that is on its way finds nothing to claim, and its item waits for the next one."""
    submit(total=3)
    board.set_window("spring", soon(-60), soon(60))
    assert published(board) == [0, 1, 2]
    claim = board.claim("spring", 0, "w", LEASE)
    inspector.hset(keys.batch("spring"), "closes", 1)
    assert board.claim("spring", 1, "w", LEASE) is None
    board.finish(claim, result)
    assert not board.status("spring").paused
    assert published(board) == []
    assert board.set_window("spring", soon(-1), soon(60))
    board.sweep(5)
    assert published(board) == [1]
    assert board.claim("spring", 2, "w", LEASE)  # its message had not come yet


def test_a_window_that_is_not_over_stays(board, submit):
    """Two stewards, or one that asks each minute, change nothing; a person may force one."""
    submit()
    opens, closes = soon(-60), soon(60)
    assert board.set_window("spring", opens, closes)
    assert not board.set_window("spring", soon(3_600), soon(7_200))
    kept = board.status("spring").closes_at
    assert abs(kept - closes) < timedelta(milliseconds=2)
    assert board.set_window("spring", soon(-1), soon(30), forced=True)


def test_each_window_has_the_whole_cap(board, submit, render, inspector, keys):
    """A budget that was spent tonight is there again tomorrow."""
    submit(total=5, brakes=Brakes(caps=Caps(items=2)))
    board.set_window("spring", soon(-60), soon(60))
    assert [render(number) for number in range(3)] == [True, True, False]
    inspector.hset(keys.batch("spring"), "closes", 1)
    board.set_window("spring", soon(-1), soon(60))
    assert not board.status("spring").paused
    assert [render(number) for number in (2, 3, 4)] == [True, True, False]


def test_only_unended_batches_are_looked_after(board, submit, render, failure):
    """An ended batch leaves the list; a retry brings it back."""
    submit(total=1)
    assert [one.batch.batch_id for one in board.open_batches()] == ["spring"]
    render(0, outcome=failure)
    assert [one.batch.batch_id for one in board.open_batches()] == ["spring"]
    board.mark_ended("spring")
    assert board.open_batches() == []
    board.retry("spring")
    assert [one.batch.batch_id for one in board.open_batches()] == ["spring"]


# --- pilots


def test_a_pilot_is_spread_over_the_batch_and_nothing_else_is_given_out(board, submit, render):
    """Three of nine: the last of each third; the others wait."""
    submit(total=9, brakes=Brakes(pilot=Pilot(items=3)))
    assert published(board) == [2, 5, 8]
    assert board.backlog().waiting["standard"] == 3
    for number in (2, 5, 8):
        render(number)
    status = board.status("spring")
    assert (status.pause_reason, status.pause_note) == ("pilot", "3 of the pilot of 3 are done")
    assert published(board) == []


def test_a_person_promotes(board, submit, render):
    """Then the rest follows, in order; a second promotion changes nothing."""
    submit(total=4, brakes=Brakes(pilot=Pilot(items=1)))
    render(published(board)[0])
    with pytest.raises(PilotWaits):
        board.resume("spring")
    assert board.promote("spring")
    assert not board.promote("spring")
    assert published(board) == [0, 1, 2]
    assert not board.status("spring").paused


@pytest.mark.parametrize(("failures", "promoted"), [(1, True), (2, False)])
def test_a_pilot_promotes_itself_when_enough_passed(
    board, submit, render, failure, result, failures, promoted
):
    """Three of four are enough for a share of 0.75, two are not."""
    submit(total=8, brakes=Brakes(pilot=Pilot(items=4, promote_share=0.75)))
    for place, number in enumerate(published(board)):
        render(number, outcome=failure if place < failures else result)
    assert bool(published(board)) == promoted
    assert board.status("spring").paused != promoted


def test_retried_pilot_items_are_rendered_and_judged_again(
    board, submit, render, failure, result, publisher
):
    """What failed for a passing reason may be tried again before the promotion."""
    submit(total=4, brakes=Brakes(pilot=Pilot(items=2, promote_share=1.0)))
    first, second = published(board)
    render(first)
    render(second, outcome=failure)
    assert board.status("spring").pause_reason == "pilot"
    board.retry("spring")
    assert published(board) == [second]
    render(second)
    assert not board.status("spring").paused
    assert len(published(board)) == 2


def test_a_pilot_as_large_as_the_batch_is_the_batch(board, submit, render):
    """Then there is nothing to hold back, and it ends."""
    submit(total=2, brakes=Brakes(pilot=Pilot(items=20)))
    for number in published(board):
        render(number)
    assert board.unended() == ["spring"]


def test_a_lost_item_of_the_pilot_comes_again(board, submit, expire):
    """It is of the pilot still, and goes before all others."""
    submit(total=6, brakes=Brakes(pilot=Pilot(items=2)))
    number = published(board)[0]
    board.claim("spring", number, "w", LEASE)
    expire("w")
    board.sweep(5)
    assert published(board) == [number]


# --- the breaker


def test_a_batch_whose_items_fail_stops_itself(board, submit, render, failure):
    """At the fourth of four, it says why, and the rest is not rendered."""
    submit(total=9, brakes=Brakes(breaker=Breaker(share=0.5, least=4)))
    assert [render(number, outcome=failure) for number in range(5)] == [True] * 4 + [False]
    status = board.status("spring")
    assert status.pause_reason == "breaker"
    assert status.pause_note == "4 of 4 items failed or were held"
    assert status.counts[ItemState.QUEUED] == 5


def test_the_breaker_counts_anew_for_who_resumes(board, submit, render, failure):
    """A person has seen it: only what fails from now on counts."""
    submit(total=9, brakes=Brakes(breaker=Breaker(share=0.5, least=2)))
    assert [render(number, outcome=failure) for number in range(3)] == [True, True, False]
    board.resume("spring")
    assert [render(number, outcome=failure) for number in (2, 3, 4)] == [True, True, False]


def test_as_many_failures_as_successes_do_not_trip_it(board, submit, render, failure, result):
    """The limit is what may be; more than that is too much."""
    submit(total=9, brakes=Brakes(breaker=Breaker(share=0.5, least=2)))
    for number in range(8):
        assert render(number, outcome=failure if number % 2 else result)
    assert not board.status("spring").paused


def test_a_batch_without_a_breaker_goes_on(board, submit, render, failure):
    """Whoever wants each item tried gets it."""
    submit(total=60, brakes=Brakes(breaker=None))
    assert all(render(number, outcome=failure) for number in range(60))


def test_an_empty_batch_ends_at_once(board, new_batch):
    """All of it is unchanged: nothing is on the board, and the steward has its results to write."""
    board.open_batch(new_batch("spring", 3, unchanged=3))
    board.seal_batch("spring")
    assert board.status("spring").counts[ItemState.UNCHANGED] == 3
    assert board.unended() == ["spring"]
    assert board.mark_ended("spring")


@settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(total=st.integers(1, 120), pilot=st.integers(1, 120))
def test_a_pilot_has_as_many_items_as_it_says(board, total, pilot):
    """Whatever the two numbers; floats lost one of 77 and all of 49."""
    batch_id = f"b-{uuid.uuid4().hex[:8]}"
    board.open_batch(make_batch(batch_id, total, brakes=Brakes(pilot=Pilot(items=pilot))))
    board.add_items(batch_id, make_specs(total))
    board.seal_batch(batch_id)
    hints = board.take_for_publishing(999, 60)
    assert sum(hint.message.batch_id == batch_id for hint in hints) == min(pilot, total)
    board.cancel(batch_id)


def test_a_pilot_that_ended_while_paused_waits_for_its_promotion(board, submit, result):
    """Whoever resumes is told so, and nothing is stranded."""
    submit(total=6, brakes=Brakes(pilot=Pilot(items=2)))
    claims = [board.claim("spring", number, "w", LEASE) for number in published(board)]
    board.pause("spring")
    for claim in claims:
        board.finish(claim, result)
    with pytest.raises(PilotWaits):
        board.resume("spring")
    assert board.status("spring").pause_reason == "pilot"
    board.pause("spring")
    with pytest.raises(PilotWaits):
        board.resume("spring")
    board.promote("spring")
    assert len(published(board)) == 4


def test_a_pilot_that_trips_the_breaker_waits_for_its_promotion_too(board, submit, failure, render):
    """First the one, then the other; a person has both words."""
    brakes = Brakes(pilot=Pilot(items=2), breaker=Breaker(least=2))
    submit(total=6, brakes=brakes)
    for number in published(board):
        render(number, outcome=failure)
    assert board.status("spring").pause_reason == "breaker"
    with pytest.raises(PilotWaits):
        board.resume("spring")
    assert board.promote("spring")
    assert len(published(board)) == 4


def test_a_retry_neither_blinds_the_breaker_nor_doubles_the_cap(board, submit, failure, render):
    """What is begun again counts again, and what failed before is no sign of what comes."""
    submit(total=20, brakes=Brakes(caps=Caps(items=6), breaker=Breaker(least=4)))
    assert [render(n, outcome=failure) for n in range(5)] == [True] * 4 + [False]
    board.resume("spring")
    board.retry("spring")
    assert [render(n, outcome=failure) for n in range(5)] == [True] * 4 + [False]
    assert board.status("spring").pause_reason == "breaker"


def test_a_retried_item_counts_against_the_cap(board, submit, failure, render):
    """Six may be begun, whichever they are."""
    submit(total=20, brakes=Brakes(caps=Caps(items=6), breaker=None))
    assert all(render(number, outcome=failure) for number in range(4))
    board.retry("spring")
    assert [render(number) for number in range(4)] == [True, True, False, False]
