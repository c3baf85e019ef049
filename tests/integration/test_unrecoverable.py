"""Recoveries that cannot be: each is told in one sentence, and leaves nothing half done."""

import hashlib
import json

import pytest
from typer.testing import CliRunner

from producer.cli import app
from producer.record import batch_address, manifest_address
from shared.allowed import AllowedPlaces
from shared.board import StatusBoard
from shared.errors import (
    AddressInvalid,
    BatchExists,
    BatchUnknown,
    BucketMissing,
    PlaceNotAllowed,
    RecordInvalid,
    RecordMissing,
    RedisUnreachable,
    StorageUnavailable,
)
from shared.keys import batch_file
from shared.s3 import ObjectStore
from shared.settings import Settings


def _nothing_there(shop, batch):
    shop.store.delete(batch_address(batch.output, "spring"))


def _no_manifest(shop, batch):
    shop.store.delete(manifest_address(batch))


def _no_json(shop, batch):
    shop.put(batch_address(batch.output, "spring"), b"hello")


def _later_version(shop, batch):
    record = json.loads(batch.model_dump_json()) | {"version": 2, "moons": 3}
    shop.put(batch_address(batch.output, "spring"), json.dumps(record).encode())


def _copied(shop, batch):
    record = batch.model_copy(update={"output": "s3://elsewhere/out/"})
    shop.put(batch_address(batch.output, "spring"), record.model_dump_json().encode())


def _changed_rows(shop, batch):
    rows = shop.store.get(manifest_address(batch))
    shop.put(manifest_address(batch), rows.replace(b"SKU-0", b"SKU-9"))


def _another_total(shop, batch):
    record = batch.model_copy(update={"total": 4})
    shop.put(batch_address(batch.output, "spring"), record.model_dump_json().encode())


def _no_models(shop, batch):
    record = batch.model_copy(update={"models": {}})
    shop.put(batch_address(batch.output, "spring"), record.model_dump_json().encode())


def _odd_results(shop, batch):
    shop.put(batch_file(batch.output, "spring", "results.jsonl"), b"<html>")


@pytest.mark.parametrize(
    ("spoil", "error", "words"),
    [
        (_nothing_there, RecordMissing, "S3 has no .*batch.json"),
        (_no_manifest, RecordMissing, "S3 has no .*manifest"),
        (_no_json, RecordInvalid, "Invalid JSON"),
        (_later_version, RecordInvalid, "version: should be 1"),
        (_copied, RecordInvalid, "it tells of s3://elsewhere/out/_batches/spring/batch.json"),
        (_changed_rows, RecordInvalid, "its digest is .* tells of"),
        (_another_total, RecordInvalid, "it has 5 rows, and batch.json tells of 4"),
        (_no_models, RecordInvalid, "does not tell of its style's models"),
        (_odd_results, RecordInvalid, "results.jsonl"),
    ],
)
def test_a_record_that_cannot_be_believed_is_refused_whole(shop, spoil, error, words):
    """One sentence says what is wrong, and the board does not hear of it."""
    spoil(shop, shop.submit())
    shop.lose()
    with pytest.raises(error, match=words):
        shop.recover()
    with pytest.raises(BatchUnknown):
        shop.board.status("spring")


def test_a_replay_is_not_recovered(shop):
    """It is started anew; its record has no rows."""
    output = f"{shop.output}_replays/replay-1/"
    batch = shop.submit().model_copy(update={"batch_id": "replay-1", "output": output})
    address = batch_address(output, "replay-1")
    shop.put(address, batch.model_dump_json().encode())
    with pytest.raises(RecordInvalid, match="that of a replay"):
        shop.recover(str(address))


@pytest.mark.parametrize(
    ("place", "error"),
    [("spring", AddressInvalid), ("s3://no-such-bucket-here/_batches/x/", BucketMissing)],
)
def test_a_place_that_is_none_is_told(shop, place, error):
    """Names of batches are no places, for the board that knows them is lost."""
    with pytest.raises(error):
        shop.recover(place)


def test_another_submission_under_the_same_id_is_left_alone(shop):
    """The board's batch and the record's are told apart by what was submitted."""
    batch = shop.submit()
    shop.lose()
    other = batch.model_copy(update={"manifest_digest": hashlib.sha256(b"other").hexdigest()})
    shop.board.open_batch(other)
    with pytest.raises(BatchExists):
        shop.recover()
    assert shop.board.status("spring").batch == other


def test_services_that_are_away_are_told_and_nothing_is_half_done(shop, monkeypatch):
    """S3 first: the board hears of the batch only when everything was read."""
    shop.submit()
    shop.lose()
    away = StatusBoard.connect(Settings(redis_url="redis://127.0.0.1:1/0"))
    with pytest.raises(RedisUnreachable):
        shop.recover(board=away)
    away.close()
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
    with pytest.raises(StorageUnavailable):
        shop.recover(store=ObjectStore.connect())
    with pytest.raises(BatchUnknown):
        shop.board.status("spring")


def test_a_place_that_is_not_open_for_writing_is_refused(shop):
    """Workers could not put the rest there."""
    shop.submit()
    shop.lose()
    closed = ObjectStore.connect(allowed=AllowedPlaces.parse("", "s3://elsewhere/"))
    with pytest.raises(PlaceNotAllowed):
        shop.recover(store=closed)


def test_the_command_tells_what_is_wrong_in_one_sentence(shop):
    """With its code and what to do, and as wrong input."""
    run = CliRunner().invoke(app, ["recover", shop.record("autumn"), "--json"])
    assert run.exit_code == 2
    error = json.loads(run.stdout)["error"]
    assert error["code"] == "record_missing"
    assert shop.record("autumn") + "batch.json" in error["message"]
