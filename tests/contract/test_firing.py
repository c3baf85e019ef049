"""Firing: each due time is submitted once, whatever beats, fails, waits or is left behind."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from producer.steward.firing import MAX_HANDS, MAX_LOSSES, Firing
from shared.errors import CredentialsMissing, RedisUnreachable, StorageUnavailable, StyleInvalid
from shared.schedules import Schedule, Slot

LEASE_SECONDS = 0.2
AWAY = StorageUnavailable(address="s3://shop", operation="GetObject", reason="no answer")


class Desk:
    """Takes submissions, and keeps what was asked of it."""

    def __init__(self):
        self.submitted: list[str] = []
        self.faults: list[Exception] = []
        self.open = threading.Event()
        self.open.set()

    def submit(self, schedule: Schedule, slot: Slot) -> str:
        """Take one, or fail as planned; waits while the desk is closed."""
        self.open.wait(20)
        if self.faults:
            raise self.faults.pop()
        self.submitted.append(f"{schedule.name}-{slot.key}")
        return self.submitted[-1]


@pytest.fixture
def desk():
    """A desk whose waiters leave with the test."""
    desk = Desk()
    yield desk
    desk.open.set()


@pytest.fixture
def steward(board, desk):
    """Make a steward's firing."""

    def steward(name: str = "first", lease_seconds: float = LEASE_SECONDS) -> Firing:
        return Firing(board, desk.submit, owner=name, lease_seconds=lease_seconds)

    return steward


@pytest.fixture
def add(board, inspector, keys):
    """Add a schedule that was due so many minutes ago, and not before."""

    def add(name: str = "nightly", *, minutes_ago: int = 1, **changes) -> Slot:
        at = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=minutes_ago)
        fields = {
            "name": name,
            "cron": f"{at.minute} {at.hour} * * *",
            "timezone": "UTC",
            "manifest": "s3://shop/rows.csv",
            "style": "s3://shop/style.yaml",
            "output": "s3://shop/out/",
            "created_at": at,
        }
        board.add_schedule(Schedule(**fields | changes))
        since = round((at - timedelta(seconds=1)).timestamp() * 1000)
        inspector.hset(keys.schedule(name), "since", since)
        return Slot(at=at)

    return add


@pytest.fixture
def state(board):
    """The state of a schedule's only run."""

    def state(name: str = "nightly") -> str:
        (run,) = board.runs(name)
        return run.state

    return state


def test_a_due_time_is_submitted_once(add, steward, desk, eventually, state):
    """Over any number of beats of any number of stewards."""
    slot = add()
    stewards = [steward("first"), steward("second")]
    for one in stewards * 5:
        one.beat()
    eventually(lambda: state() == "submitted")
    for one in stewards:
        one.beat()
    assert desk.submitted == [f"nightly-{slot.key}"]


def test_what_is_not_due_yet_is_not_run(board, add, steward, desk, inspector, keys):
    """Nor what was due before the schedule was added."""
    slot = add()
    inspector.hset(keys.schedule("nightly"), "since", round(slot.at.timestamp() * 1000))
    steward().beat()
    assert board.runs("nightly") == []
    assert desk.submitted == []


@pytest.mark.parametrize(
    ("missed", "minutes_ago", "expected"),
    [("late", 120, "submitted"), ("skip", 120, "skipped"), ("skip", 2, "submitted")],
)
def test_a_missed_time_is_run_late_or_skipped(
    add, steward, eventually, state, missed, minutes_ago, expected
):
    """As the schedule says; a few minutes late is not missed."""
    add(minutes_ago=minutes_ago, missed=missed)
    steward().beat()
    eventually(lambda: state() == expected)


def test_of_several_missed_times_the_newest_is_run(board, add, steward, inspector, keys):
    """A week without a steward gives one run."""
    slot = add()
    long_ago = slot.at - timedelta(days=7)
    inspector.hset(keys.schedule("nightly"), "since", round(long_ago.timestamp() * 1000))
    steward().beat()
    assert [run.slot for run in board.runs("nightly")] == [slot]


@pytest.mark.parametrize(
    "fault",
    [
        AWAY,
        RedisUnreachable(address="redis://r", reason="gone"),
        CredentialsMissing(address="s3://shop", reason="none"),
    ],
)
def test_a_passing_fault_leaves_the_run_to_later_beats(
    board, add, steward, desk, eventually, state, fault
):
    """The run tells why it waits; the schedule is not broken."""
    add()
    desk.faults = [fault]
    one = steward()
    one.beat()
    eventually(lambda: state() == "waiting" and board.runs("nightly")[0].failure)
    assert board.runs("nightly")[0].failure.code == fault.code
    assert board.schedule("nightly").broken is None
    eventually(lambda: one.beat() or state() == "submitted")
    assert len(desk.submitted) == 1


@pytest.mark.parametrize(
    ("fault", "code"),
    [(StyleInvalid(style="s3://s", reason="no"), "style_invalid"), (ValueError("?"), "internal")],
)
def test_a_wrong_input_breaks_the_schedule_until_a_run_works(
    board, add, steward, desk, eventually, state, fault, code
):
    """It is not tried again before its next slot, or before a person asks."""
    add()
    desk.faults = [fault]
    one = steward()
    one.beat()
    eventually(lambda: state() == "failed")
    assert board.schedule("nightly").broken.code == code
    one.beat()
    board.make_run("nightly", Slot(at=datetime.now(UTC), asked=True))
    eventually(lambda: one.beat() or board.schedule("nightly").broken is None)
    assert len(desk.submitted) == 1


def test_a_long_submission_keeps_its_lease(add, steward, desk, inspector, keys, eventually):
    """It is renewed meanwhile, and the steward's beat is not held up."""
    add()
    desk.open.clear()
    steward("first").beat()
    (first,) = inspector.zrange(keys.open_runs, 0, -1, withscores=True)
    renewed = first[1] + 1000 * LEASE_SECONDS
    eventually(lambda: inspector.zscore(keys.open_runs, first[0]) > renewed)
    steward("second").beat()
    desk.open.set()
    eventually(lambda: not inspector.zcard(keys.open_runs))
    assert len(desk.submitted) == 1


def test_a_steward_that_goes_leaves_its_run_to_another(
    board, add, steward, desk, inspector, keys, eventually, state
):
    """At once, without waiting for the lease; what the first one then does is not counted."""
    add()
    desk.open.clear()
    first, second = steward("first", 600), steward("second", 600)
    first.beat()
    first.close(seconds=0.1)
    assert state() == "waiting"
    first.beat()
    second.beat()
    assert board.runs("nightly")[0].owner == "second"
    desk.open.set()
    eventually(lambda: state() == "submitted")
    assert board.runs("nightly")[0].losses == 0


def test_only_so_many_runs_are_executed_at_a_time(board, add, steward, desk, eventually):
    """The others wait for their turn."""
    for number in range(MAX_HANDS + 2):
        add(f"s{number}")
    desk.open.clear()
    one = steward(lease_seconds=600)
    one.beat()
    one.beat()
    running = [s for s in range(MAX_HANDS + 2) if board.runs(f"s{s}")[0].state == "running"]
    assert len(running) == MAX_HANDS
    desk.open.set()
    eventually(lambda: one.beat() or len(desk.submitted) == MAX_HANDS + 2)


def test_a_run_that_ends_its_stewards_is_given_up(
    board, add, steward, desk, inspector, keys, eventually, state
):
    """Its schedule says so, and no further steward dies of it."""
    slot = add()
    board.make_run("nightly", slot)
    inspector.hset(keys.run("nightly", slot.key), "losses", MAX_LOSSES)
    steward().beat()
    eventually(lambda: state() == "failed")
    assert board.schedule("nightly").broken.code == "run_lost"
    assert desk.submitted == []
