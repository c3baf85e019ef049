"""A batch that has left the board, over HTTP: read from S3, and only read."""

from datetime import UTC, datetime, timedelta

import pytest

from producer.archive.roll_up import write_roll_up
from producer.results import write_results

BATCH = "/api/v1/batches/spring"


@pytest.fixture
def _archived(submit, board, store, bucket, result, failure) -> None:
    submit(total=3, output=f"s3://{bucket.name}/out/")
    board.finish(board.claim("spring", 0, "w", 60), result)
    board.finish(board.claim("spring", 1, "w", 60), failure)
    board.cancel("spring")
    write_results(board, store, "spring")
    assert board.mark_ended("spring")
    status = board.status("spring")
    write_roll_up(status, store)
    assert board.retire(status, datetime.now(UTC) + timedelta(days=1))


@pytest.mark.usefixtures("_archived")
def test_what_has_left_the_board_is_still_read(client):
    """Its roll-up, its items by state or text, one of them, and its rows."""
    assert client.get(BATCH).json()["phase"] == "cancelled"
    failed = client.get(f"{BATCH}/items?state=failed").json()["items"]
    assert [(item["number"], item["failure"]["code"]) for item in failed] == [(1, "mask_empty")]
    assert client.get(f"{BATCH}/items/count?q=SKU-").json() == {"count": 3}
    first = client.get(f"{BATCH}/items?limit=2").json()
    assert (len(first["items"]), first["next"]) == (2, 1)
    item = client.get(f"{BATCH}/items/0").json()
    assert (item["state"], item["history"], item["again"]) == ("done", [], [])
    assert len(client.get(f"{BATCH}/results").text.splitlines()) == 3
    assert client.get(f"{BATCH}/items/3").json()["code"] == "item_unknown"


@pytest.mark.usefixtures("_archived")
@pytest.mark.parametrize("act", ["cancel", "pause", "retry"])
def test_what_has_left_the_board_is_not_changed(client, act):
    """The problem names where to put it back from."""
    answer = client.post(f"{BATCH}/{act}", json={})
    assert (answer.status_code, answer.json()["code"]) == (404, "batch_archived")
    assert "restyle recover" in answer.json()["hint"]
