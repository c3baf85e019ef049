"""Schedules on the board: a run is made once for each slot, and executed by one at a time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from shared.board.schedules import KEPT_RUNS
from shared.errors import ScheduleExists, ScheduleUnknown
from shared.jobs import Failure
from shared.schedules import Schedule, Slot

FAILURE = Failure(code="style_invalid", message="No style.", hint="Correct it.")
LEASE_SECONDS = 30.0


def nightly(name: str = "nightly", **changes) -> Schedule:
    """A schedule."""
    fields = {
        "name": name,
        "cron": "0 1 * * *",
        "timezone": "Europe/Paris",
        "manifest": "s3://shop/rows.csv",
        "style": "s3://shop/style.yaml",
        "output": "s3://shop/out/",
        "created_at": datetime.now(UTC),
    }
    return Schedule(**fields | changes)


@pytest.fixture
def count_from(inspector, keys):
    """Let a schedule's slots count from another time on."""

    def count_from(name: str, moment: datetime) -> None:
        inspector.hset(keys.schedule(name), "since", round(moment.timestamp() * 1000))

    return count_from


@pytest.fixture
def due(board, count_from) -> Slot:
    """The last due slot of a schedule that was added two days ago."""
    board.add_schedule(nightly())
    count_from("nightly", datetime.now(UTC) - timedelta(days=2))
    slot = board.schedule("nightly").due(board.schedules().now)
    assert slot is not None
    return slot


@pytest.fixture
def run_out(inspector, keys):
    """Let the leases of all runs have run out."""

    def run_out() -> None:
        for name in inspector.zrange(keys.open_runs, 0, -1):
            inspector.zadd(keys.open_runs, {name: 1})

    return run_out


# --- schedules -----------------------------------------------------------------------------------


def test_a_schedule_is_kept_as_it_was_added(board):
    """All of it, counted from now; the list is by name."""
    added = [nightly("b", missed="skip", window_seconds=3600), nightly("a", lane="bulk")]
    for one in added:
        board.add_schedule(one)
    standings, now = board.schedules()
    assert [standing.schedule for standing in standings] == added[::-1]
    assert abs((now - standings[0].since).total_seconds()) < 5
    assert standings[0].due(now) is None


def test_a_taken_name_is_refused_unless_it_is_to_be_replaced(board):
    """The same call again is no other schedule: its first answer may have been lost."""
    first, other = nightly(), nightly(priority=9)
    board.add_schedule(first)
    board.add_schedule(first)
    with pytest.raises(ScheduleExists):
        board.add_schedule(other)
    board.add_schedule(other, replace=True)
    assert board.schedule("nightly").schedule == other


def test_a_removed_schedule_is_gone_with_its_runs(board, due):
    """Nothing is left to be taken, and one of the same name begins anew."""
    board.make_run("nightly", due)
    taken = board.take_run("s", LEASE_SECONDS)
    board.remove_schedule("nightly")
    assert board.take_run("s", LEASE_SECONDS) is None
    assert not board.renew_run(taken, LEASE_SECONDS)
    assert not board.end_run(taken, FAILURE)
    board.add_schedule(nightly())
    assert board.runs("nightly") == []
    assert board.schedule("nightly").broken is None


@pytest.mark.parametrize(
    "call", ["schedule", "remove_schedule", "pause_schedule", "resume_schedule", "make_run"]
)
def test_an_unknown_schedule_is_an_error(board, call):
    """Whatever is asked of it."""
    slot = [Slot(at=datetime.now(UTC))] if call == "make_run" else []
    with pytest.raises(ScheduleUnknown):
        getattr(board, call)("nobody", *slot)


# --- runs: made once -----------------------------------------------------------------------------


def test_a_slot_has_one_run_whoever_makes_it(board, due):
    """Eight stewards at once: one of them makes it."""
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: board.make_run("nightly", due), range(8)))
    assert sum(made) == 1
    (run,) = board.runs("nightly")
    assert (run.slot, run.state, run.batch_id) == (due, "waiting", f"nightly-{due.key}")


def test_what_fell_due_while_paused_is_not_run(board, due, count_from):
    """Neither during the pause nor after it; what a person asks for is."""
    board.pause_schedule("nightly")
    assert not board.make_run("nightly", due)
    asked = Slot(at=datetime.now(UTC), asked=True)
    assert board.make_run("nightly", asked)
    board.resume_schedule("nightly")
    standing = board.schedule("nightly")
    assert not standing.paused
    assert standing.due(board.schedules().now) is None
    assert not board.make_run("nightly", due)


def test_resuming_what_is_not_paused_loses_no_slot(board, due):
    """Since when it counts stays as it was."""
    board.resume_schedule("nightly")
    assert board.make_run("nightly", due)


def test_a_skipped_run_is_never_executed(board, due):
    """It stands in the history, and in the way of another of its slot."""
    board.make_run("nightly", due, "skipped")
    assert not board.make_run("nightly", due)
    assert board.take_run("s", LEASE_SECONDS) is None
    assert board.runs("nightly")[0].ended_at is not None


def test_the_newest_runs_are_kept(board, due, inspector, keys):
    """A bound for each schedule, newest first."""
    start = datetime.now(UTC)
    for number in range(KEPT_RUNS + 5):
        slot = Slot(at=start + timedelta(seconds=number), asked=True)
        board.make_run("nightly", slot, "skipped")
    runs = board.runs("nightly")
    assert len(runs) == KEPT_RUNS
    assert runs[0].slot.key == slot.key
    assert len(inspector.keys(keys.run("nightly", "*"))) == KEPT_RUNS
    assert board.runs("nightly", 1) == runs[:1]


# --- runs: executed by one -----------------------------------------------------------------------


def test_a_run_is_taken_by_one_and_ends_once(board, due):
    """Nobody else gets it meanwhile or afterwards."""
    board.make_run("nightly", due)
    taken = board.take_run("first", LEASE_SECONDS)
    assert (taken.state, taken.owner, taken.fence, taken.losses) == ("running", "first", 1, 0)
    assert board.take_run("second", LEASE_SECONDS) is None
    assert board.renew_run(taken, LEASE_SECONDS)
    assert board.end_run(taken)
    assert not board.end_run(taken, FAILURE)
    assert board.take_run("second", LEASE_SECONDS) is None
    assert board.runs("nightly")[0].state == "submitted"


def test_the_run_of_a_dead_steward_is_taken_over(board, due, run_out):
    """After its lease; what the first one then says of it is refused."""
    board.make_run("nightly", due)
    first = board.take_run("first", LEASE_SECONDS)
    run_out()
    second = board.take_run("second", LEASE_SECONDS)
    assert (second.slot, second.owner, second.losses) == (due, "second", 1)
    assert not board.renew_run(first, LEASE_SECONDS)
    assert not board.leave_run(first)
    assert not board.end_run(first, FAILURE)
    assert board.end_run(second)


def test_a_run_that_is_put_back_waits_for_its_time(board, due, run_out):
    """With the reason; at once where none is given. It counts as no loss."""
    board.make_run("nightly", due)
    assert board.leave_run(board.take_run("s", LEASE_SECONDS), FAILURE, seconds=60)
    assert board.take_run("s", LEASE_SECONDS) is None
    (waiting,) = board.runs("nightly")
    assert (waiting.state, waiting.failure) == ("waiting", FAILURE)
    run_out()
    assert board.leave_run(board.take_run("s", LEASE_SECONDS))
    assert board.take_run("s", LEASE_SECONDS).losses == 0


def test_a_failed_run_breaks_its_schedule_until_one_works(board, due):
    """The schedule keeps its place, and says why."""
    board.make_run("nightly", due)
    board.end_run(board.take_run("s", LEASE_SECONDS), FAILURE)
    assert board.schedule("nightly").broken == FAILURE
    board.make_run("nightly", Slot(at=datetime.now(UTC), asked=True))
    board.end_run(board.take_run("s", LEASE_SECONDS))
    assert board.schedule("nightly").broken is None
    assert [run.state for run in board.runs("nightly")] == ["submitted", "failed"]
