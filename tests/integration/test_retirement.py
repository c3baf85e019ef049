"""Retirement and the archive, on a real Redis and a real S3: what left the board S3 still tells."""

import json
import shutil
import uuid
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner

from infra.demo import services
from producer.archive import open_archived
from producer.batches import BatchReader
from producer.cli import app
from producer.cli.terminal import EXIT_FAILED, EXIT_INPUT
from producer.results import each_row
from producer.steward import end_batches, retire_batches
from producer.steward.retiring import LEAST_STAY, PUT_OFF
from shared.errors import (
    BatchArchived,
    BatchExists,
    BatchNotArchived,
    BatchUnknown,
    RecordInvalid,
    RecordMissing,
)
from shared.keys import S3Address, batch_file, replay_prefix
from shared.states import ItemState
from tests.lost_shop import Shop

DAYS = 30
STAY = timedelta(days=DAYS)


@pytest.fixture
def ended(shop) -> Shop:
    """A shop whose batch of five has ended: one is done, one failed, the rest was cancelled."""
    shop.submit()
    shop.render(0)
    shop.fail(1)
    shop.board.cancel("spring")
    assert end_batches(shop.board, shop.store) == ["spring"]
    return shop


@pytest.fixture
def archived(ended) -> Shop:
    """The same shop, after the batch has left the board."""
    assert retire(ended) == ["spring"]
    return ended


def retire(shop, *, later: timedelta = STAY, days: float = DAYS) -> list[str]:
    """A beat, some time after now."""
    return retire_batches(shop.board, shop.store, days, now=shop.board.clock() + later)


def files(shop, batch_id: str = "spring") -> Path:
    """The batch's folder on the server's disk."""
    return shop.bucket / "out" / "_batches" / batch_id


def reader(shop) -> BatchReader:
    """A reader of board and archive."""
    return BatchReader(shop.board, lambda: shop.store)


def restyle(*arguments: str, status: int = 0) -> str:
    """Run a command in this process, and return its standard output."""
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == status, (done.output, done.exception)
    return done.stdout


# --- when it leaves ---------------------------------------------------------------------------


def test_a_batch_leaves_after_its_days_and_not_before(ended):
    """Counted from its end; fractions count, and nothing but the time brings it about."""
    assert retire(ended, later=STAY - timedelta(minutes=5)) == []
    assert ended.states()
    assert retire(ended) == ["spring"]
    assert retire(ended) == []
    with pytest.raises(BatchArchived):
        ended.board.status("spring")


def test_without_days_it_leaves_at_the_next_beat(ended):
    """By Redis' own clock."""
    assert retire_batches(ended.board, ended.store, 0) == ["spring"]


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
    path = files(ended) / name
    whole = path.read_bytes()
    path.write_bytes(damage(whole)) if damage else path.unlink()
    assert retire(ended) == []
    assert ended.states()
    assert len(path.read_bytes()) == len(whole)
    assert retire(ended) == []
    assert retire(ended, later=STAY + PUT_OFF) == ["spring"]


def test_a_batch_that_cannot_leave_keeps_no_other(ended, s3_environment):
    """Nor does it cost every beat a look: the next one is later."""
    lost, ended.bucket = ended.bucket, s3_environment.make_bucket(f"b-{uuid.uuid4().hex[:12]}")
    ended.submit(batch_id="summer")
    ended.board.cancel("summer")
    end_batches(ended.board, ended.store)
    shutil.rmtree(lost)
    assert retire(ended) == ["summer"]
    assert [one.batch.batch_id for one in ended.board.batches()] == ["spring"]
    assert ended.board.ended_by(ended.board.clock(), limit=9) == []


def test_a_drain_leaves_the_rest_to_the_next_beat(ended):
    """The batch is gone as a whole; its items are removed by whoever comes next."""
    stops = iter([False, True])
    later = ended.board.clock() + STAY
    stopping = partial(next, stops)
    assert retire_batches(ended.board, ended.store, DAYS, now=later, stopping=stopping) == [
        "spring"
    ]
    assert ended.board.retiring() == ["spring"]
    assert retire(ended) == ended.board.retiring() == []


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
    assert retire(shop, days=0, later=timedelta(minutes=5)) == []
    assert retire(shop, days=0, later=LEAST_STAY * 2) == ["again"]
    assert shop.board.retired() == []
    with pytest.raises(BatchUnknown):
        shop.board.status("again")


# --- what S3 tells of it ----------------------------------------------------------------------


def test_the_archive_tells_what_the_board_told(ended):
    """Status, every item by number and external id, its addresses or its failure, and the rows."""
    status, items = ended.board.status("spring"), ended.items()
    rows = list(each_row(ended.board, "spring"))
    retire(ended)
    for name in ("spring", ended.record(), ended.record().rstrip("/")):
        with reader(ended).open(name) as found:
            assert str(found.record) == ended.record()
            told = found.status.model_copy(update={"ended_at": status.ended_at})
            assert (
                told
                == status
                == reader(ended).status(name).model_copy(update={"ended_at": status.ended_at})
            )
            assert abs(found.status.ended_at - status.ended_at) < timedelta(minutes=1)
            assert list(found.rows()) == rows
            archived = list(found.items())
    for was, now in zip(items, archived, strict=True):
        assert (now.spec.number, now.spec.external_id) == (was.spec.number, was.spec.external_id)
        assert (now.spec.source, now.state) == (was.spec.source, was.state)
    assert archived[0].result.variants == items[0].result.variants
    assert archived[0].result.fingerprint == items[0].result.fingerprint
    assert (archived[1].failure.code, archived[1].failure.hint) == (
        "mask_empty",
        items[1].failure.hint,
    )


def test_items_are_read_by_state_and_from_a_number_on(archived):
    """As pages of the board are."""
    with reader(archived).open("spring") as found:
        assert [item.spec.number for item in found.items(ItemState.CANCELLED)] == [2, 3, 4]
        assert [item.spec.number for item in found.items(after=3)] == [4]
        assert not list(found.items(ItemState.DONE, after=0))


def test_unchanged_rows_do_not_shift_the_numbers(archived):
    """They were never on the board; their own numbers follow all others."""
    path = files(archived) / "results.jsonl"
    first, *rest = path.read_text().splitlines()
    unchanged = json.dumps(json.loads(first) | {"external_id": "same", "state": "unchanged"})
    path.write_text("\n".join([unchanged, first, *rest]) + "\n")
    with reader(archived).open("spring") as found:
        numbers = {item.spec.external_id: item.spec.number for item in found.items()}
    assert numbers == {"same": 5} | {f"SKU-{number}": number for number in range(5)}


def test_the_board_is_asked_first(ended):
    """S3 has it too, but may be older than what a retry did."""
    with reader(ended).open("spring") as found:
        assert found.record is None
        assert len(list(found.items())) == len(list(found.rows())) == 5
        assert [item.spec.number for item in found.items(after=3)] == [4]


def test_a_folder_without_an_ended_batch_says_so(shop):
    """The batch is on the board only; no folder at all is another mistake."""
    shop.submit()
    with pytest.raises(BatchNotArchived):
        reader(shop).status(shop.record())
    with pytest.raises(RecordMissing):
        reader(shop).status(shop.record("autumn"))


@pytest.mark.parametrize("name", ["status.json", "results.jsonl"])
def test_a_damaged_archive_is_one_sentence(archived, name):
    """Never half an answer that looks like a whole one."""
    path = files(archived) / name
    path.write_bytes(path.read_bytes()[:-9])
    address = S3Address.parse(archived.record())
    with pytest.raises(RecordInvalid), open_archived(address, archived.store) as found:
        list(found.rows())


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
    end_batches(shop.board, shop.store)
    assert retire(shop) == ["spring"]
    assert not shop.recover().repeated
    assert shop.items() == items
    assert shop.board.retired() == []
    assert end_batches(shop.board, shop.store) == ["spring"]
    assert retire_batches(shop.board, shop.store, 0) == []
    assert shop.board.retry("spring") == 1
    shop.render(4)
    assert end_batches(shop.board, shop.store) == ["spring"]
    assert retire(shop) == ["spring"]
    with reader(shop).open("spring") as found:
        assert {item.state for item in found.items()} == {ItemState.DONE}
    assert [one.batch_id for one in shop.board.retired()] == ["spring"]


# --- the command line -------------------------------------------------------------------------


def test_reading_commands_answer_from_s3(archived, tmp_path):
    """By the id, as ever."""
    written = (files(archived) / "results.jsonl").read_text()
    assert restyle("results", "spring") == written
    assert restyle("results", "spring", "--format", "csv") == (
        (files(archived) / "results.csv").read_bytes().decode().replace("\r\n", "\n")
    )
    assert "cancelled, 1 done, 1 failed, 3 cancelled of 5 items" in restyle("status", "spring")
    assert json.loads(restyle("status", "spring", "--json"))["archived"] == archived.record()
    assert "mask_empty" in restyle("items", "spring", "--state", "failed")
    assert "of 5" in restyle("watch", "spring", status=EXIT_FAILED)
    made = json.loads(restyle("sheet", "spring", "--output", f"{tmp_path}/", "--json"))
    assert made["items"] == 2
    assert (tmp_path / "spring-sheet.html").exists()


def test_an_archived_item_in_json_tells_only_what_is_known(archived):
    """No zero seconds, no zero tries: who wants those reads the sidecar."""
    done, failed, *_ = map(json.loads, restyle("items", "spring", "--json").splitlines())
    assert done.keys() == {"spec", "state", "result"}
    assert done["result"].keys() == {"fingerprint", "variants", "mask", "sidecar"}
    assert failed["failure"]["code"] == "mask_empty"


def test_a_folder_needs_no_redis(archived, monkeypatch, tmp_path):
    """A Redis that is gone keeps nobody from what S3 has."""
    nobody = f"redis://127.0.0.1:{services.free_port()}/0"
    monkeypatch.setenv("RESTYLE_REDIS_URL", nobody)
    folder = archived.record()
    assert "spring: cancelled" in restyle("status", folder)
    assert restyle("results", folder).count("\n") == 5
    assert len(restyle("items", folder, "--json").splitlines()) == 5
    assert restyle("watch", folder, "--json", status=EXIT_FAILED)
    restyle("sheet", folder, "--output", f"{tmp_path}/")
    assert (tmp_path / "spring-sheet.png").exists()


def test_the_list_shows_what_left_when_asked(archived):
    """After the board's batches; without a request to S3."""
    archived.submit(batch_id="summer")
    (files(archived) / "status.json").unlink()
    listed = json.loads(restyle("status", "--archived", "--json"))
    assert [(one["batch"], one["phase"]) for one in listed] == [
        ("summer", "queued"),
        ("spring", "archived"),
    ]
    assert str(batch_file(archived.output, "spring", "")) in restyle("status", "--archived")
    assert "spring" not in restyle("status")


@pytest.mark.parametrize("command", ["retry", "cancel", "pause", "resume", "promote"])
def test_changing_commands_say_that_it_left_and_how_it_comes_back(archived, command):
    """One sentence, one code, one command to run."""
    error = json.loads(restyle(command, "spring", "--json", status=EXIT_INPUT))["error"]
    assert error["code"] == "batch_archived"
    assert f"restyle recover {archived.record()}" in error["hint"]
