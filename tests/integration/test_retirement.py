"""Retirement, on a real Redis and a real S3: when a batch leaves the board, and comes back."""

import json
import shutil
import uuid
from datetime import timedelta
from functools import partial

import pytest

from producer.steward import Ending, retire_batches
from producer.steward.retiring import LEAST_STAY, PUT_OFF
from shared.errors import BatchArchived, BatchExists, BatchUnknown
from shared.keys import replay_prefix
from shared.settings import Settings
from shared.states import ItemState
from tests.lost_shop import STAY

# --- when it leaves ---------------------------------------------------------------------------

LIMITS = Settings().limits


def test_a_batch_leaves_after_its_days_and_not_before(ended):
    """Counted from its end; fractions count, and nothing but the time brings it about."""
    assert ended.retire(later=STAY - timedelta(minutes=5)) == []
    assert ended.states()
    assert ended.retire() == ["spring"]
    assert ended.retire() == []
    with pytest.raises(BatchArchived):
        ended.board.status("spring")


def test_without_days_it_leaves_at_the_next_beat(ended):
    """By Redis' own clock."""
    assert retire_batches(Ending(ended.board, ended.store, LIMITS), 0) == ["spring"]


def damaged(content: bytes) -> bytes:
    """A roll-up of another revision."""
    told = json.loads(content)
    told["status"]["revision"] += 1
    return json.dumps(told).encode()


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("status.json", None),
        ("results.jsonl", None),
        ("results.jsonl", lambda content: content[:-1]),
        ("status.json", lambda content: content[:-1]),
        ("status.json", damaged),
    ],
)
def test_a_batch_stays_while_s3_does_not_have_it(ended, name, damage):
    """Gone, cut short or of another revision; it is written anew, and leaves when it is there."""
    path = ended.files() / name
    whole = path.read_bytes()
    path.write_bytes(damage(whole)) if damage else path.unlink()
    assert ended.retire() == []
    assert ended.states()
    assert len(path.read_bytes()) == len(whole)
    assert ended.retire() == []
    assert ended.retire(later=STAY + PUT_OFF) == ["spring"]


def test_a_batch_that_cannot_leave_keeps_no_other(ended, s3_environment):
    """Nor does it cost every beat a look: the next one is later."""
    lost, ended.bucket = ended.bucket, s3_environment.make_bucket(f"b-{uuid.uuid4().hex[:12]}")
    ended.submit(batch_id="summer")
    ended.board.cancel("summer")
    Ending(ended.board, ended.store, LIMITS).end_batches()
    shutil.rmtree(lost)
    assert ended.retire() == ["summer"]
    assert [one.batch.batch_id for one in ended.board.batches()] == ["spring"]
    assert ended.board.ended_by(ended.board.clock(), limit=9) == []


def test_a_drain_leaves_the_rest_to_the_next_beat(ended):
    """The batch is gone as a whole; its items are removed by whoever comes next."""
    stops = iter([False, True])
    later = ended.board.clock() + STAY
    stopping = partial(next, stops)
    assert retire_batches(
        Ending(ended.board, ended.store, LIMITS), STAY.days, now=later, stopping=stopping
    ) == ["spring"]
    assert ended.board.retiring() == ["spring"]
    assert ended.retire() == ended.board.retiring() == []


def test_a_replay_leaves_without_a_trace(shop):
    """After an hour, for somebody reads its outcome; its results were removed on purpose."""
    batch = shop.submit()
    replay = batch.model_copy(
        update={"batch_id": "again", "output": str(replay_prefix(shop.output, "again"))}
    )
    shop.board.open_batch(replay)
    shop.board.add_items("again", [item.spec for item in shop.board.items("spring")])
    shop.board.seal_batch("again")
    shop.board.cancel("again")
    shop.board.mark_ended("again")
    assert shop.retire(days=0, later=timedelta(minutes=5)) == []
    assert shop.retire(days=0, later=LEAST_STAY * 2) == ["again"]
    assert shop.board.retired() == []
    with pytest.raises(BatchUnknown):
        shop.board.status("again")


# --- going on with it -------------------------------------------------------------------------


def test_submitting_it_again_queues_nothing(archived):
    """It is the same submission, and it has ended; also where Redis lost even the index."""
    archived.submit()
    with pytest.raises(BatchArchived):
        archived.board.status("spring")
    archived.lose()
    archived.submit()
    assert archived.board.batches() == []


def test_another_submission_under_its_id_is_refused(archived):
    """Its results would be mixed with those of the old one."""
    with pytest.raises(BatchExists, match="manifest"):
        archived.submit({"source": archived.source("other")})
    with pytest.raises(BatchExists, match="style"):
        archived.submit(seed=7)
    assert archived.board.batches() == []


def test_recover_brings_it_back_to_be_retried(shop):
    """As it had ended; it ends again, stays for an hour at least, and leaves again."""
    shop.submit()
    for number in range(4):
        shop.render(number)
    shop.fail(4)
    items = shop.items()
    Ending(shop.board, shop.store, LIMITS).end_batches()
    assert shop.retire() == ["spring"]
    assert not shop.recover().repeated
    assert shop.items() == items
    assert shop.board.retired() == []
    assert Ending(shop.board, shop.store, LIMITS).end_batches() == ["spring"]
    assert retire_batches(Ending(shop.board, shop.store, LIMITS), 0) == []
    assert shop.board.retry("spring") == 1
    shop.render(4)
    assert Ending(shop.board, shop.store, LIMITS).end_batches() == ["spring"]
    assert shop.retire() == ["spring"]
    with shop.reader().open("spring") as found:
        assert {item.state for item in found.items()} == {ItemState.DONE}
    assert [one.batch_id for one in shop.board.retired()] == ["spring"]
