"""Schedules with a real S3 and real stewards: exactly one batch for each due time."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis

from producer.schedule import check_schedule, kept_style
from shared.allowed import AllowedPlaces
from shared.board import StatusBoard
from shared.errors import (
    AddressInvalid,
    BucketMissing,
    ManifestEmpty,
    ManifestInvalid,
    ModelMissing,
    ModelNotAllowed,
    ObjectMissing,
    PlaceNotAllowed,
    StyleInvalid,
    StyleUnreadable,
)
from shared.keys import BoardKeys
from shared.s3 import ObjectStore
from shared.schedules import RunOptions, Slot
from shared.settings import child_environment
from shared.styles import load_style, read_style
from tests.nightly_shop import Shop
from tests.refusing_s3 import refusing_s3


@pytest.fixture
def shop(board, bucket, tmp_path, store) -> Shop:
    """A shop of this test's own."""
    return Shop(bucket, tmp_path, board, store)


# --- a run's batch -------------------------------------------------------------------------------


def test_a_run_makes_one_batch_however_often_it_is_repeated(shop):
    """Under an id of the schedule's name and the due time in UTC."""
    schedule = shop.schedule(lane="bulk", priority=2)
    assert {shop.submit(schedule) for _ in range(3)} == {"nightly-20261125T000000Z"}
    (status,) = shop.board.batches()
    assert (status.batch.lane, status.batch.priority, status.batch.total) == ("bulk", 2, 3)
    assert status.sealed


class Ends(Exception):
    """The process ends here."""


class Killed(ObjectStore):
    """A store whose process ends when the batch's record is to be written."""

    def put(self, address, body, *, content_type):
        """Write anything else."""
        if address.key.endswith("/batch.json"):
            raise Ends
        return super().put(address, body, content_type=content_type)


def test_a_schedule_of_a_request_names_no_directory_that_nobody_opened(shop):
    """Whatever its style says at the run: read anew each time, it may say another one by then."""
    asked = shop.schedule(options=RunOptions(open_models_only=True))
    with pytest.raises(ModelNotAllowed):
        shop.submit(asked)


def test_what_was_begun_is_completed_as_it_was_begun(shop, s3_environment):
    """Though manifest and style have changed since, or are gone: the batch has its record."""
    whole, shop.store = shop.store, Killed.connect()
    with pytest.raises(Ends):
        shop.submit()
    (begun,) = shop.board.batches()
    assert not begun.sealed
    shop.write_rows(5)
    (shop.bucket / "style.yaml").unlink()
    shop.store = whole
    shop.submit()
    (status,) = shop.board.batches()
    assert status.sealed
    assert status.batch == begun.batch
    assert len(shop.board.items(status.batch.batch_id)) == 3


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("style.yaml", "mask: the dress\nstepps: 3", StyleInvalid),
        ("style.yaml", "mask: [", StyleInvalid),
        ("style.yaml", None, ObjectMissing),
        ("rows.csv", "name\nx", ManifestInvalid),
        ("rows.csv", None, ObjectMissing),
    ],
)
def test_an_input_that_no_longer_works_is_its_own_error(shop, name, content, error):
    """Nothing is on the board then, and the error breaks the schedule: no retry helps."""
    (shop.bucket / name).unlink()
    if content is not None:
        (shop.bucket / name).write_text(content)
    with pytest.raises(error) as raised:
        shop.submit()
    assert not raised.value.retryable
    assert shop.board.batches() == []


# --- before it is kept ---------------------------------------------------------------------------


def test_a_schedule_that_would_work_passes(shop):
    """A manifest, and a prefix, whose results may lie below it."""
    check_schedule(shop.schedule(), shop.store)
    place = f"s3://{shop.bucket.name}/"
    check_schedule(shop.schedule(manifest=place), shop.store)
    check_schedule(shop.schedule(manifest=f"{place}in"), shop.store)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"style": "s3://{bucket}/other.yaml"}, ObjectMissing),
        ({"style": "mask: 5"}, StyleInvalid),
        ({"style": "mask: a\npaint: b\npainter: /nowhere"}, ModelMissing),
        ({"manifest": "s3://{bucket}/other.csv"}, ObjectMissing),
        ({"manifest": "s3://{bucket}/nothing/"}, ManifestEmpty),
        ({"manifest": "s3://{bucket}/out/"}, AddressInvalid),
        ({"output": "s3://no-such-bucket/out/"}, BucketMissing),
    ],
)
def test_a_schedule_that_could_not_work_is_refused(shop, changes, error):
    """When it is added, not at one o'clock at night."""
    changes = {name: text.format(bucket=shop.bucket.name) for name, text in changes.items()}
    with pytest.raises(error):
        check_schedule(shop.schedule(**changes), shop.store)


def test_a_closed_output_is_refused(shop, s3_environment):
    """What an operator closes to writing is no output of a schedule."""
    closed = ObjectStore.connect(allowed=AllowedPlaces.parse("", "s3://elsewhere/"))
    with pytest.raises(PlaceNotAllowed):
        check_schedule(shop.schedule(), closed)


def test_a_style_of_this_host_is_kept_whole(shop, tmp_path, monkeypatch):
    """Its text; but directories of models become absolute, since stewards run elsewhere."""
    path = shop.bucket / "style.yaml"
    assert kept_style(str(path)) == path.read_text()
    monkeypatch.chdir(tmp_path)
    shop.write_style(painter="./model", segmenter="./model")
    kept = read_style(kept_style(str(path)).encode(), where="kept")
    assert kept == load_style(path).with_overrides(
        {"painter": str(shop.model), "segmenter": str(shop.model)}
    )
    assert kept_style("s3://shop/style.yaml") == "s3://shop/style.yaml"
    with pytest.raises(StyleUnreadable):
        kept_style("nowhere.yaml")


# --- real stewards -------------------------------------------------------------------------------


@pytest.fixture
def start(started, tmp_path) -> Callable[..., subprocess.Popen]:
    """Start a steward with a quick beat and a short lease."""

    def start(**changes: str) -> subprocess.Popen:
        changes = {"RESTYLE_LEASE_SECONDS": "1"} | changes
        root = {"PYTHONPATH": str(Path(__file__).parents[2])}
        with (tmp_path / f"steward-{len(started)}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "producer", "steward", "--interval", "0.2"],
                env=child_environment(root | changes),
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        started.append(process)
        return process

    return start


@pytest.fixture
def add(shop, namespace, redis_server) -> Callable[..., str]:
    """Add a schedule whose first due time was so many minutes ago; returns its batch's id."""

    def add(name: str, minutes_ago: int, **changes: str) -> str:
        at = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=minutes_ago)
        cron = f"{at.minute} {at.hour} * * *"
        # Of its own: what waits for one output is not queued for it once more.
        output = f"s3://{shop.bucket.name}/{name}/"
        changes = {"cron": cron, "timezone": "UTC", "output": output} | changes
        shop.board.add_schedule(shop.schedule(name, **changes))
        since = round((at - timedelta(hours=1)).timestamp() * 1000)
        with redis.Redis.from_url(redis_server.url) as client:
            client.hset(BoardKeys(namespace).schedule(name), "since", since)
        return f"{name}-{Slot(at=at).key}"

    return add


def wait_until(condition: Callable[[], object], seconds: float = 40.0) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.05)


def states(board: StatusBoard) -> dict[str, list[str]]:
    """The states of the runs of each schedule."""
    names = (standing.schedule.name for standing in board.schedules().schedules)
    return {name: [run.state for run in board.runs(name)] for name in names}


def test_two_stewards_make_one_batch_of_each_due_time(shop, add, start):
    """One that is due, and missed nights: run late once, skipped, and broken with its reason."""
    (shop.bucket / "broken.yaml").write_text("mask: [")
    batches = {add("due", 1, missed="skip"), add("late", 180)}
    add("skip", 180, missed="skip")
    add("broken", 1, style=f"s3://{shop.bucket.name}/broken.yaml")
    first, second = start(), start()
    expected = {"due": ["submitted"], "late": ["submitted"], "skip": ["skipped"]}
    wait_until(lambda: states(shop.board) == expected | {"broken": ["failed"]})
    first.send_signal(signal.SIGTERM)
    second.send_signal(signal.SIGTERM)
    # On a busy machine one may not have begun to listen for signals yet.
    assert {first.wait(20), second.wait(20)} <= {0, -signal.SIGTERM}
    assert {one.batch.batch_id for one in shop.board.batches()} == batches
    assert all(one.sealed and one.open == 3 for one in shop.board.batches())
    assert "style" in shop.board.schedule("broken").broken.message


def test_killed_stewards_leave_one_whole_batch(shop, add, start, s3_environment):
    """One at fire time, the next one right after it opened the batch; a third completes it."""
    batch_id = add("nightly", 1)
    with refusing_s3(s3_environment) as proxy:
        proxy.held = ("GET", "/style.yaml")
        first = start(AWS_ENDPOINT_URL_S3=proxy.url)
        wait_until(lambda: any(path.endswith("/style.yaml") for path in proxy.asked))
        first.kill()
        assert states(shop.board) == {"nightly": ["running"]}
        assert shop.board.batches() == []
        proxy.held = ("PUT", "/batch.json")
        second = start(AWS_ENDPOINT_URL_S3=proxy.url)
        wait_until(shop.board.batches)
        second.kill()
    (begun,) = shop.board.batches()
    assert not begun.sealed
    shop.write_rows(7)
    start()
    wait_until(lambda: states(shop.board) == {"nightly": ["submitted"]})
    (status,) = shop.board.batches()
    assert (status.batch.batch_id, status.sealed, status.open) == (batch_id, True, 3)
    assert shop.board.runs("nightly")[0].losses == 2
