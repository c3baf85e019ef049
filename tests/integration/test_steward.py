"""The steward ends batches: once, whatever else fails, and as a process that drains."""

import json
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import redis

from infra.demo import services
from producer.steward import TICK, Ending
from shared.board import StatusBoard
from shared.errors import RedisUnreachable
from shared.jobs import Batch, Failure, ItemSpec
from shared.keys import S3Address, batch_file
from shared.pictures.limits import Limits
from shared.s3 import ObjectStore
from shared.settings import Settings, child_environment, load_settings
from shared.styles import Style
from tests.forgeries import forged, unreadable

pytestmark = pytest.mark.usefixtures("restyle_environment")

LIMITS = Limits(max_bytes=5_000_000, max_side=4_000, max_pixels=4_000_000)
FAILURE = Failure(code="mask_empty", message="Nothing was found.", hint="Supply a mask.")


@pytest.fixture
def board() -> StatusBoard:
    """The board of this test's namespace."""
    return StatusBoard.connect(load_settings())


@pytest.fixture
def store() -> ObjectStore:
    """The test's S3."""
    return ObjectStore.connect()


def submit(board: StatusBoard, output: str, items: int = 1) -> str:
    """A batch of so many items under an output prefix."""
    batch_id = f"b-{uuid.uuid4().hex[:8]}"
    batch = Batch(
        batch_id=batch_id,
        submitted_at=datetime.now(UTC),
        output=output,
        style=Style(mask="the dress", paint="a red dress"),
        models={},
        total=items,
        manifest_digest="a" * 64,
    )
    board.open_batch(batch)
    sources = (f"{output}{number}.jpg" for number in range(items))
    specs = [ItemSpec(number=n, external_id=f"D-{n}", source=s) for n, s in enumerate(sources)]
    board.add_items(batch_id, specs)
    board.seal_batch(batch_id)
    return batch_id


def fail(board: StatusBoard, batch_id: str, number: int = 0) -> None:
    """Play the worker that ends an item."""
    board.finish(board.claim(batch_id, number, "tester", 30.0), FAILURE)


def results(store: ObjectStore, output: str, batch_id: str) -> list[dict]:
    """The rows that were written beside the results."""
    text = store.get(batch_file(output, batch_id, "results.jsonl")).decode()
    return [json.loads(line) for line in text.splitlines()]


def wait_until(condition: Callable[[], object], seconds: float = 40.0) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.05)


# --- one beat --------------------------------------------------------------------------------


def test_a_batch_ends_when_its_last_item_is_final(board, store, bucket):
    """Not before: an open item keeps it. Then both files are there and it is marked."""
    output = f"s3://{bucket.name}/out/"
    batch_id = submit(board, output, items=2)
    fail(board, batch_id, 0)
    assert Ending(board, store, LIMITS).end_batches() == []
    fail(board, batch_id, 1)
    assert Ending(board, store, LIMITS).end_batches() == [batch_id]
    assert [row["code"] for row in results(store, output, batch_id)] == ["mask_empty"] * 2
    assert store.exists(batch_file(output, batch_id, "results.csv"))
    assert board.status(batch_id).ended_at is not None


def test_another_beat_changes_nothing(board, store, bucket):
    """Level-triggered: a batch that is ended is no longer asked for."""
    batch_id = submit(board, f"s3://{bucket.name}/out/")
    fail(board, batch_id)
    assert Ending(board, store, LIMITS).end_batches() == [batch_id]
    assert Ending(board, store, LIMITS).end_batches() == []
    assert Ending(board, store, LIMITS).end_batch(batch_id)


def test_a_fault_of_one_batch_does_not_stop_the_others(board, store, bucket, s3_environment):
    """A missing bucket costs its own batch only, and the next beat after the repair ends it."""
    missing = f"b-{uuid.uuid4().hex[:12]}"
    lame = submit(board, f"s3://{missing}/out/")
    sound = [submit(board, f"s3://{bucket.name}/{n}/") for n in range(2)]
    for batch_id in (lame, *sound):
        fail(board, batch_id)
    assert Ending(board, store, LIMITS).end_batches() == sorted(sound)
    assert board.unended() == [lame]
    s3_environment.make_bucket(missing)
    assert Ending(board, store, LIMITS).end_batches() == [lame]


class RetriedMeanwhile(ObjectStore):
    """A store during whose first write a person retries the failed items."""

    board: StatusBoard
    batch_id: str
    asked = False

    def put_file(self, address: S3Address, path: Path, *, content_type: str) -> str:
        """Write, after the retry."""
        if not self.asked:
            self.asked = True
            self.board.retry(self.batch_id)
            fail(self.board, self.batch_id)
        return super().put_file(address, path, content_type=content_type)


def test_a_batch_retried_while_its_results_are_written_is_not_ended(board, bucket):
    """Even if the retry is over by then: the rows are stale, so the next beat writes them anew."""
    store = RetriedMeanwhile.connect()
    store.board, store.batch_id = board, submit(board, f"s3://{bucket.name}/out/")
    fail(board, store.batch_id)
    assert Ending(board, store, LIMITS).end_batches() == []
    assert Ending(board, store, LIMITS).end_batches() == [store.batch_id]


def test_a_drain_leaves_the_rest_to_the_next_beat(board, store, bucket):
    """Between two batches the steward looks whether it should go."""
    for _ in range(3):
        fail(board, submit(board, f"s3://{bucket.name}/out/"))
    answers = iter([False, True])
    assert len(Ending(board, store, LIMITS).end_batches(stopping=lambda: next(answers))) == 1
    assert len(board.unended()) == 2


def test_a_board_that_is_away_is_one_error(store):
    """Nothing is done for any batch, and the caller learns why."""
    nobody = f"redis://127.0.0.1:{services.free_port()}/0"
    with pytest.raises(RedisUnreachable):
        Ending(StatusBoard.connect(Settings(redis_url=nobody)), store, LIMITS).end_batches()


# --- the process -----------------------------------------------------------------------------


def start(started: list, folder: Path, name: str = "steward", **changes: str) -> subprocess.Popen:
    """A steward as people start it, with a quick beat, in an empty folder."""
    folder = folder / name
    folder.mkdir()
    with (folder.parent / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "producer", "steward", "--interval", "0.2"],
            cwd=folder,
            env=child_environment({"PYTHONPATH": str(Path(__file__).parents[2])} | changes),
            stdout=subprocess.DEVNULL,  # Celery says a word there when it is told to go
            stderr=log,
        )
    started.append(process)
    return process


def test_the_process_looks_after_batches_and_drains_on_sigterm(started, tmp_path, board, bucket):
    """Ended, then retired; SIGTERM: exit status 0 soon, no file left behind, only log lines."""
    process = start(started, tmp_path, RESTYLE_RETENTION_DAYS="0")
    batch_id = submit(board, f"s3://{bucket.name}/out/")
    fail(board, batch_id)
    wait_until(lambda: [one.batch_id for one in board.retired()] == [batch_id])
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    assert not list((tmp_path / "steward").iterdir())
    lines = (tmp_path / "steward.log").read_text().splitlines()
    assert {"batch ended", "batch retired"} <= {json.loads(line)["event"] for line in lines}


def test_foreign_messages_are_set_aside(started, tmp_path, board, bucket, redis_server, namespace):
    """Whatever lies among a steward's beats, it goes on beating, and tells what it left."""
    foreign = [*unreadable().values(), forged(headers={"task": TICK})]
    with redis.Redis.from_url(redis_server.url) as client:
        client.lpush(f"{namespace}:queue:{namespace}-steward", *foreign)
    process = start(started, tmp_path)
    wait_until(lambda: len(board.dead_messages()) == len(foreign))
    assert {one.where.split("/")[1] for one in board.dead_messages()} == {"steward"}
    batch_id = submit(board, f"s3://{bucket.name}/out/")
    fail(board, batch_id)
    wait_until(lambda: board.status(batch_id).ended_at)
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    assert "Traceback" not in (tmp_path / "steward.log").read_text()


def test_two_stewards_do_no_harm(started, tmp_path, board, store, bucket):
    """Both beat; each batch ends with one whole set of rows; the death of one stops nothing."""
    output = f"s3://{bucket.name}/out/"
    first, _ = start(started, tmp_path, "first"), start(started, tmp_path, "second")
    batches = [submit(board, output, items=3) for _ in range(4)]
    for batch_id in batches[:2]:
        for number in range(3):
            fail(board, batch_id, number)
    wait_until(lambda: not board.unended())
    first.kill()
    for batch_id in batches[2:]:
        for number in range(3):
            fail(board, batch_id, number)
    wait_until(lambda: not board.unended())
    for batch_id in batches:
        assert [row["external_id"] for row in results(store, output, batch_id)] == [
            "D-0",
            "D-1",
            "D-2",
        ]


def test_a_steward_outlives_its_redis(started, tmp_path, bucket, namespace):
    """Redis goes away and comes back: what became final meanwhile is ended, without a restart."""
    port, folder, output = services.free_port(), tmp_path / "redis", f"s3://{bucket.name}/out/"
    with services.redis_server(folder, port=port) as server:
        board = StatusBoard.connect(Settings(redis_url=server.url, namespace=namespace))
        process = start(started, tmp_path, RESTYLE_REDIS_URL=server.url)
        before, after = submit(board, output), submit(board, output)
        fail(board, before)
        wait_until(lambda: board.status(before).ended_at)
    with services.redis_server(folder, port=port):
        fail(board, after)
        wait_until(lambda: board.status(after).ended_at)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0, (tmp_path / "steward.log").read_text()
    board.close()


def test_a_steward_without_redis_still_drains(started, tmp_path):
    """Started while Redis is away it keeps trying, and SIGTERM ends it all the same."""
    nobody = f"redis://127.0.0.1:{services.free_port()}/0"
    process = start(started, tmp_path, RESTYLE_REDIS_URL=nobody)
    log = tmp_path / "steward.log"
    wait_until(lambda: "Cannot connect" in log.read_text())
    process.send_signal(signal.SIGTERM)
    process.wait(20)
