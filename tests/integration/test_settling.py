"""Batches that wait for people, on a real Redis and S3: what is written of them, and told."""

import json

import pytest

from producer.steward import Ending
from producer.steward.settling import Settling
from tests.lost_shop import LIMITS


class Beats:
    """A steward's beats, and what they announced."""

    def __init__(self, shop):
        self.shop, self.told = shop, []
        self.ending = Ending(shop.board, shop.store, LIMITS)
        self.settling = Settling(self.ending, self._announce, quiet_seconds=0)

    def _announce(self, status, event, occasion, facts):
        self.told.append((status.batch.batch_id, event, occasion, facts["held"]))

    def beat(self):
        """The batches that settled and those that ended, by id."""
        return self.settling.settle_batches(), self.ending.end_batches()

    def rows(self):
        """The written rows."""
        lines = (self.shop.files() / "results.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]


@pytest.fixture
def beats(shop):
    """A batch of five before its end."""
    shop.submit()
    return Beats(shop)


def test_a_batch_that_waits_for_people_is_told_once_each_time_that_it_settles(
    beats, shop, reviewer
):
    """Its results hold what is done, and nothing of what waits; it ends once all is decided."""
    for number in range(3):
        shop.render(number)
    reviewer.hold_mask(3)
    assert beats.beat() == ([], [])
    held = reviewer.hold_result(4).result
    assert beats.beat() == (["spring"], [])
    assert beats.beat() == ([], [])
    rows = beats.rows()
    assert [row["state"] for row in rows] == ["done"] * 3 + ["held"] * 2
    assert (rows[4]["variants"], rows[4]["sidecar"], rows[4]["mask"]) == ([], None, None)
    assert (rows[3]["score"], rows[3]["reasons"]) == (0.4, ["scattered"])
    assert "_staging" not in (shop.files() / "results.csv").read_text()
    assert shop.board.status("spring").ended_at is None
    reviewer.decide(3, action="reject", reason="bad_edge")
    assert beats.beat() == (["spring"], [])
    reviewer.decide(4, name="d2")
    reviewer.publishing().follow()
    assert beats.beat() == ([], ["spring"])
    last = beats.rows()[3:]
    assert (last[0]["state"], last[0]["reason"]) == ("rejected", "bad_edge")
    assert last[1]["variants"] == [name.replace("_staging/", "") for name in held.variants]
    assert [one[3] for one in beats.told] == [
        {"mask": 1, "result": 1},
        {"mask": 0, "result": 1},
    ]
    assert len({one[:3] for one in beats.told}) == 2


def test_the_report_says_how_many_wait(beats, shop, reviewer):
    """By stage, in words and in JSON."""
    reviewer.hold_mask(0)
    reviewer.hold_mask(1)
    reviewer.hold_result(2)
    shop.render(3)
    shop.render(4)
    beats.beat()
    report = json.loads((shop.files() / "report.json").read_text())
    assert (report["held_masks"], report["held_results"], report["so_far"]) == (2, 1, True)
    page = (shop.files() / "report.html").read_text()
    assert "2 masks and 1 result wait for a person" in page
    assert "_staging" not in page


def test_who_decided_what_is_kept_for_good(beats, shop, reviewer):
    """A line per decision, the oldest first, with its items; what was undone stays told."""
    shop.render(4)
    for number in range(4):
        reviewer.hold_mask(number)
    reviewer.decide(0, 2, action="reject", reason="wrong_mask")
    shop.board.undo("spring", "d1", "bob")
    reviewer.decide(0, 1, 2, 3, action="reject", name="d2", filter={"state": ["held"]})
    assert beats.beat() == ([], ["spring"])
    first, undo, last = map(json.loads, (shop.files() / "decisions.jsonl").read_text().splitlines())
    assert (first["id"], first["by"], first["numbers"]) == ("d1", "ada", [0, 2])
    assert (first["action"], first["reason"]) == ("reject", "wrong_mask")
    assert (undo["action"], undo["by"], undo["undoes"]) == ("undo", "bob", "d1")
    assert (last["numbers"], last["filter"]) == ([0, 1, 2, 3], {"state": ["held"]})
    assert all(one["at"] for one in (first, undo, last))


def test_a_board_that_lost_its_decisions_takes_none_from_the_file(beats, shop, reviewer):
    """After `restyle recover` earlier ones stay told, before the new ones, each once."""
    for number in (0, 1):
        reviewer.hold_mask(number)
    reviewer.decide(0, action="reject", reason="wrong_mask")
    beats.ending.write_files(shop.board.status("spring").batch)
    path = shop.files() / "decisions.jsonl"
    first = path.read_text()
    shop.lose()
    shop.recover()
    files = beats.ending.write_files(shop.board.status("spring").batch)
    assert path.read_text() == first
    assert any(address.key.endswith("decisions.jsonl") for address in files)
    reviewer.hold_mask(2)
    reviewer.decide(2, action="reject", name="d2")
    for _ in range(2):
        beats.ending.write_files(shop.board.status("spring").batch)
    kept, new = path.read_text().splitlines(keepends=True)
    assert (kept, json.loads(new)["id"]) == (first, "d2")


def test_a_batch_is_left_alone_while_somebody_is_at_it(beats, shop, reviewer):
    """What is there is written when nothing has changed for a while."""
    for number in range(5):
        reviewer.hold_mask(number)
    busy = Settling(beats.ending, beats.settling.announce, quiet_seconds=60)
    assert busy.settle_batches() == []
    assert not (shop.files() / "results.jsonl").exists()
