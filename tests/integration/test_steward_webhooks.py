"""A batch's end is told to webhooks: whoever dies on the way, and once."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from functools import partial

import pytest

from producer.steward import end_batches
from producer.steward.announcing import announce_end
from producer.webhooks import new_secret
from shared.board import StatusBoard
from shared.jobs import Batch, Failure, ItemSpec
from shared.s3 import ObjectStore
from shared.settings import load_settings
from shared.styles import Style
from tests.installation import wait_until
from tests.receivers import receiver

pytestmark = pytest.mark.usefixtures("restyle_environment")

FAILURE = Failure(code="mask_empty", message="Nothing was found.", hint="Supply a mask.")
SECRET = new_secret()


@pytest.fixture
def hook():
    """A receiver on loopback."""
    with receiver() as made:
        yield made


@pytest.fixture
def settings(monkeypatch, hook):
    """Every batch's events go to the receiver."""
    monkeypatch.setenv("RESTYLE_WEBHOOKS", f"http://127.0.0.1:{hook.port}/hook")
    monkeypatch.setenv("RESTYLE_WEBHOOK_SECRET", SECRET)
    monkeypatch.setenv("RESTYLE_WEBHOOK_ALLOWED_NETWORKS", "127.0.0.1/32")
    return load_settings()


def ended_batch(board: StatusBoard, bucket) -> str:
    """A batch whose only item has failed."""
    output = f"s3://{bucket.name}/out/"
    batch = Batch(
        batch_id="spring",
        submitted_at=datetime.now(UTC),
        output=output,
        style=Style(mask="the dress", paint="a red dress"),
        models={},
        total=1,
        manifest_digest="a" * 64,
    )
    board.open_batch(batch)
    board.add_items("spring", [ItemSpec(number=0, external_id="D-0", source=f"{output}0.jpg")])
    board.seal_batch("spring")
    fail(board)
    return output


def fail(board: StatusBoard) -> None:
    """Play the worker that ends the item."""
    board.finish(board.claim("spring", 0, "tester", 30.0), FAILURE)


def test_an_end_is_told_though_its_steward_died_on_the_way(board, bucket, settings):
    """Announced before it is marked, and under an id that the next steward makes too."""
    ended_batch(board, bucket)
    tell = partial(announce_end, board, settings)

    def tell_and_die(*facts) -> None:
        tell(*facts)
        raise SystemExit

    with pytest.raises(SystemExit):
        end_batches(board, ObjectStore.connect(), announce=tell_and_die)
    assert board.status("spring").ended_at is None
    assert end_batches(board, ObjectStore.connect(), announce=tell) == ["spring"]
    assert len(list(board.deliveries())) == 1
    board.retry("spring")
    fail(board)
    assert end_batches(board, ObjectStore.connect(), announce=tell) == ["spring"]
    assert len(list(board.deliveries())) == 2


def test_a_batch_that_is_retried_meanwhile_is_not_told_as_ended(board, bucket, settings):
    """Its rows are stale; the end that comes is told."""
    ended_batch(board, bucket)

    class RetriedMeanwhile(ObjectStore):
        def put_file(self, *args, **options) -> str:
            board.retry("spring")
            return super().put_file(*args, **options)

    tell = partial(announce_end, board, settings)
    assert end_batches(board, RetriedMeanwhile.connect(), announce=tell) == []
    assert list(board.deliveries()) == []


def test_a_steward_sends_the_end_of_a_batch(started, tmp_path, board, bucket, settings, hook):
    """A real process, from the last item to a verified event; it drains as ever."""
    output = ended_batch(board, bucket)
    command = [sys.executable, "-m", "producer", "steward", "--interval", "0.2"]
    with (tmp_path / "log").open("wb") as log:
        environment = dict(os.environ)
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    started.append(process)
    wait_until(lambda: hook.received)
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    (came,) = hook.received
    event = came.verified(SECRET)
    assert (event["type"], event["data"]["phase"]) == ("batch.ended", "ended")
    assert event["data"]["counts"]["failed"] == event["data"]["total"] == 1
    names = [f"{output}_batches/spring/results.{ending}" for ending in ("jsonl", "csv")]
    assert event["data"]["results"] == names
    (found,) = board.deliveries()
    assert found.state == "delivered"
