"""The archive, on a real Redis and a real S3: what has left the board S3 still tells."""

import json
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from infra.demo import services
from producer.archive import open_archived
from producer.cli import app
from producer.cli.terminal import EXIT_FAILED, EXIT_INPUT
from producer.results import each_row
from shared.errors import BatchNotArchived, RecordInvalid, RecordMissing
from shared.keys import S3Address, batch_file
from shared.states import ItemState


def restyle(*arguments: str, status: int = 0) -> str:
    """Run a command in this process, and return its standard output."""
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == status, (done.output, done.exception)
    return done.stdout


# --- what S3 tells of it ----------------------------------------------------------------------


def test_the_archive_tells_what_the_board_told(ended):
    """Status, every item by number and external id, its addresses or its failure, and the rows."""
    status, items = ended.board.status("spring"), ended.items()
    with each_row(ended.board, ended.store, "spring") as found:
        rows = list(found)
    ended.retire()
    for name in ("spring", ended.record(), ended.record().rstrip("/")):
        with ended.reader().open(name) as found:
            assert str(found.record) == ended.record()
            told = found.status.model_copy(update={"ended_at": status.ended_at})
            assert (
                told
                == status
                == ended.reader().status(name).model_copy(update={"ended_at": status.ended_at})
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
    with archived.reader().open("spring") as found:
        assert [item.spec.number for item in found.items(ItemState.CANCELLED)] == [2, 3, 4]
        assert [item.spec.number for item in found.items(after=3)] == [4]
        assert not list(found.items(ItemState.DONE, after=0))


def test_unchanged_rows_do_not_shift_the_numbers(archived):
    """They were never on the board; their own numbers follow all others."""
    path = archived.files() / "results.jsonl"
    first, *rest = path.read_text().splitlines()
    told = json.loads(first) | {"earlier": True}
    same = json.dumps(told | {"external_id": "same", "state": "unchanged"})
    rejected = json.dumps(told | {"external_id": "rejected", "state": "rejected"})
    path.write_text("\n".join([same, first, rejected, *rest]) + "\n")
    with archived.reader().open("spring") as found:
        numbers = {item.spec.external_id: item.spec.number for item in found.items()}
    assert numbers == {"same": 5, "rejected": 6} | {f"SKU-{number}": number for number in range(5)}


def test_the_board_is_asked_first(ended):
    """S3 has it too, but may be older than what a retry did."""
    with ended.reader().open("spring") as found:
        assert found.record is None
        assert len(list(found.items())) == len(list(found.rows())) == 5
        assert [item.spec.number for item in found.items(after=3)] == [4]


def test_a_folder_without_an_ended_batch_says_so(shop):
    """The batch is on the board only; no folder at all is another mistake."""
    shop.submit()
    with pytest.raises(BatchNotArchived):
        shop.reader().status(shop.record())
    with pytest.raises(RecordMissing):
        shop.reader().status(shop.record("autumn"))


@pytest.mark.parametrize("name", ["status.json", "results.jsonl"])
def test_a_damaged_archive_is_one_sentence(archived, name):
    """Never half an answer that looks like a whole one."""
    path = archived.files() / name
    path.write_bytes(path.read_bytes()[:-9])
    address = S3Address.parse(archived.record())
    with pytest.raises(RecordInvalid), open_archived(address, archived.store) as found:
        list(found.rows())


# --- the command line -------------------------------------------------------------------------


def test_reading_commands_answer_from_s3(archived, tmp_path):
    """By the id, as ever."""
    written = (archived.files() / "results.jsonl").read_text()
    assert restyle("results", "spring") == written
    assert restyle("results", "spring", "--format", "csv") == (
        (archived.files() / "results.csv").read_bytes().decode().replace("\r\n", "\n")
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
    (archived.files() / "status.json").unlink()
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
