"""Recovery against a real Redis and a real S3: what has a result stays done, the rest is queued."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from producer.cli import app
from producer.cli.gauge import plain_line
from producer.results import each_row, write_results
from producer.summary import phase
from producer.watch import watch
from shared.errors import (
    BatchRestoring,
)
from shared.jobs import Failure
from tests.sidecars import sidecar_of

# --- what comes back --------------------------------------------------------------------------


def rows_of(shop):
    """Every row of the batch's results."""
    with each_row(shop.board, shop.store, "spring") as rows:
        return list(rows)


def test_a_lost_batch_comes_back_as_it_was(shop):
    """Done items with their very results, failed ones with their reasons, the others waiting."""
    batch = shop.submit(variants=2)
    shop.render(0)
    shop.fail(1)
    shop.render(4)
    items, rows = shop.items(), rows_of(shop)
    shop.lose()
    recovery = shop.recover()
    assert (recovery.repeated, recovery.notes) == (False, ())
    assert recovery.status.batch == batch
    assert recovery.status.sealed
    assert shop.states() == ["done", "failed", "queued", "queued", "done"]
    assert shop.items() == items
    assert rows_of(shop) == rows
    assert sum(recovery.status.counts.values()) == recovery.status.batch.total == 5
    assert recovery.status.first_claim_at < batch.submitted_at + timedelta(minutes=1)


def test_what_was_uploaded_but_never_reported_is_done(shop):
    """The sidecar is written before the report: where it lies, the picture is there."""
    shop.submit()
    result = shop.paint(2)
    shop.lose()
    shop.recover()
    assert shop.board.item("spring", 2).result == result


def test_what_waited_for_a_person_waits_again(shop, reviewer):
    """Results and masks that lie in staging; a rejection stays, an approval is asked anew."""
    rows = [
        {"external_id": f"SKU-{n}", "source": shop.source(str(n)), "etag": "e1", "size": 9}
        for n in range(5)
    ]
    shop.submit(*rows)
    held = reviewer.hold_result(0)
    mask = reviewer.hold_mask(1).mask
    reviewer.hold_mask(2)
    reviewer.hold_mask(3)
    reviewer.decide(2, action="reject")
    reviewer.decide(3, name="d2")
    write_results(shop.board, shop.store, "spring")
    shop.lose()
    shop.recover()
    assert shop.states() == ["held", "held", "rejected", "held", "queued"]
    first, second = shop.board.items("spring", limit=2)
    assert first.held.result.variants == held.result.variants
    assert (first.held.stage, second.held.stage) == ("result", "mask")
    assert second.held.mask.address == mask.address
    assert reviewer.decide(0, 1, 3, name="d3") == 3
    assert shop.states() == ["held", "queued", "rejected", "queued", "queued"]
    assert reviewer.publishing().follow() == 1


def test_held_items_of_a_cancelled_batch_stay_cancelled(shop, reviewer):
    """Nobody is asked about them any more."""
    shop.submit()
    reviewer.hold_result(0)
    shop.board.cancel("spring")
    write_results(shop.board, shop.store, "spring")
    shop.lose()
    shop.recover()
    assert set(shop.states()) == {"cancelled"}


def test_the_batch_file_names_its_folder(shop):
    """Either address will do, with or without the closing slash."""
    shop.submit()
    for place in (shop.record(), shop.record().rstrip("/"), shop.record() + "batch.json"):
        shop.lose()
        assert not shop.recover(place).repeated
        assert len(shop.states()) == 5


def test_rows_keep_their_overrides_masks_and_models(shop):
    """A row's own words are compared with the sidecar's, and come back with it."""
    source = {"source": shop.source()}
    shop.submit(
        source | {"external_id": "A", "seed": 7, "prompt": "a green dress"},
        source | {"external_id": "B", "variants": 3, "etag": "e1", "size": 9},
        source | {"external_id": "C", "mask": shop.source("m")},
    )
    shop.render(0)
    shop.render(1)
    items = shop.items()
    shop.lose()
    shop.recover()
    assert shop.items() == items
    assert shop.states() == ["done", "done", "queued"]


def test_a_result_that_was_painted_after_a_retry_is_the_one(shop):
    """A retry takes the source as it is then, whatever ETag was submitted."""
    row = {"external_id": "A", "source": shop.source(), "etag": "e1", "size": 9}
    shop.submit(row)
    shop.fail(0)
    shop.board.retry("spring")
    result = shop.render(0, etag="e2")
    shop.lose()
    shop.recover()
    item = shop.board.item("spring", 0)
    assert (item.result, item.spec.etag) == (result, "e2")


def test_of_two_results_of_one_item_the_newer_counts(shop):
    """The older one was of a source that is gone."""
    shop.submit()
    newer, older = shop.paint(0, etag="e1"), shop.paint(0, etag="e2")
    path = shop.bucket / older.sidecar.removeprefix(f"s3://{shop.bucket.name}/")
    os.utime(path, (path.stat().st_atime, path.stat().st_mtime - 60))
    shop.lose()
    shop.recover()
    assert shop.board.item("spring", 0).result == newer


# --- what is nobody's result ------------------------------------------------------------------


def test_a_foreign_result_is_not_taken(shop):
    """Of another batch, row, source or style, however alike its name."""
    shop.submit()
    shop.submit(batch_id="other")
    foreign = [
        {"batch_id": "other"},
        {"number": 2},
        {"external_id": "SKU-9"},
        {"style": sidecar_of().style},
    ]
    for number, changes in enumerate(foreign):
        shop.paint(number, **changes)
    shop.lose()
    shop.recover()
    assert shop.states() == ["queued"] * 5


@pytest.mark.parametrize("lacking", [".v1.png", ".mask.png", ".json"])
def test_half_a_result_is_none(shop, lacking):
    """A sidecar counts with all files that it names, and files only with their sidecar."""
    shop.submit()
    shop.render(0)
    (file,) = (shop.bucket / "out").glob(f"0.*{lacking}")
    file.unlink()
    shop.lose()
    shop.recover()
    assert shop.states()[0] == "queued"


def test_a_file_of_another_size_is_none_of_the_result(shop):
    """Something else was put in its place."""
    shop.submit()
    shop.render(0)
    (file,) = (shop.bucket / "out").glob("0.*.v1.png")
    file.write_bytes(b"x")
    shop.lose()
    shop.recover()
    assert shop.states()[0] == "queued"


@pytest.mark.parametrize("body", [b"", b"{", b"{}", b'{"version": 2, "state": "done"}'])
def test_a_sidecar_that_nobody_can_read_is_told_and_its_item_waits(shop, body):
    """It is no reason to leave the whole batch lost."""
    shop.submit()
    shop.render(0)
    shop.fail(1)
    for file in (shop.bucket / "out").glob("*.json"):
        file.write_bytes(body)
    shop.lose()
    (note,) = shop.recover().notes
    assert note.startswith("2 sidecar(s) cannot be read")
    assert shop.states() == ["queued"] * 5


def test_a_stem_that_several_sources_share_leads_to_each_ones_own(shop):
    """Results lie side by side under the output, whatever folders their sources lie in."""
    rows = [
        {"external_id": folder, "source": f"s3://{shop.bucket.name}/in/{folder}/a.jpg"}
        for folder in ("x", "y", "z")
    ]
    shop.submit(*rows)
    shop.render(0)
    shop.render(2)
    items = shop.items()
    shop.lose()
    shop.recover()
    assert shop.items() == items


def test_an_equal_result_of_another_batch_is_the_items_own(shop):
    """Two batches of the same pixels write the same keys: the last one signs both results."""
    row = {"external_id": "A", "source": shop.source(), "etag": "e1", "size": 9}
    shop.submit(row)
    shop.submit(row, batch_id="again")
    result = shop.render(0)
    shop.render(0, "again")
    shop.lose()
    shop.recover()
    assert shop.board.item("spring", 0).result == result


def test_written_results_tell_a_fingerprint_that_was_not_submitted(shop):
    """Without an ETag in the manifest, results.jsonl knows what the item was."""
    shop.submit()
    result = shop.render(0)
    write_results(shop.board, shop.store, "spring")
    shop.submit(batch_id="again")
    shop.render(0, "again")
    shop.lose()
    shop.recover()
    assert shop.board.item("spring", 0).result == result


def test_a_sidecar_that_was_moved_is_none(shop):
    """Where it lies is part of what it says."""
    shop.submit()
    shop.render(0)
    (file,) = (shop.bucket / "out").glob("0.*.json")
    file.rename(file.with_name(file.name.replace("0.", "1.", 1)))
    shop.lose()
    shop.recover()
    assert shop.states() == ["queued"] * 5


def _make_older(shop, pattern):
    for file in (shop.bucket / "out").glob(pattern):
        os.utime(file, (0, file.stat().st_mtime - 86_400))


def test_an_older_result_of_the_very_pixels_is_the_items_own(shop):
    """As if the item had been rendered once more, into the same keys."""
    row = {"external_id": "A", "source": shop.source(), "etag": "e1", "size": 9}
    shop.submit(row, batch_id="before")
    result = shop.render(0, "before")
    _make_older(shop, "*")
    shop.submit(row)
    shop.lose()
    shop.recover()
    assert shop.board.item("spring", 0).result == result


@contextmanager
def _requests(store):
    """The URLs of all requests that are sent meanwhile."""
    sent, events = [], store._client.meta.events

    def note(request, **_):
        sent.append(request.url)

    events.register("before-send.s3", note)
    yield sent
    events.unregister("before-send.s3", note)


OWN_REQUESTS = ("batch.json", "the manifest", "results.jsonl", "the listing", "that of staging")


def test_results_of_earlier_batches_are_not_read(shop, store):
    """A catalogue may have been restyled a hundred times under one output."""
    shop.submit(batch_id="before", seed=3)
    for number in range(5):
        shop.render(number, "before")
    _make_older(shop, "*")
    shop.submit()
    shop.lose()
    with _requests(store) as sent:
        shop.recover()
    assert len(sent) == len(OWN_REQUESTS), sent
    assert shop.states() == ["queued"] * 5


def test_results_are_found_by_listing(shop, store):
    """However many share a name: a request for each result, and none for what has none."""
    rows = [{"external_id": str(n), "source": shop.source(f"{n}/front")} for n in range(200)]
    shop.submit(*rows)
    for number in range(5):
        shop.render(number)
    shop.fail(8)
    shop.lose()
    with _requests(store) as sent:
        shop.recover()
    assert len(sent) == len([*OWN_REQUESTS, "the failure"]) + 5, sent
    assert shop.states().count("done") == 5


# --- twice, interrupted, beside others ---------------------------------------------------------


def test_a_batch_on_the_board_stays_as_it_is(shop):
    """Recovering twice, or what was never lost, changes nothing and says so."""
    shop.submit()
    shop.render(0)
    shop.paint(1)
    before = shop.board.items("spring"), shop.board.status("spring")
    recovery = shop.recover(paused=True)
    assert recovery.repeated
    assert (shop.board.items("spring"), shop.board.status("spring")) == before
    assert recovery.status == before[1]


class Interrupted(Exception):
    """Ctrl-C, a killed process, a power cut."""


@pytest.mark.parametrize("what", ["begun", "recovered"])
def test_an_interrupted_recovery_is_completed_by_repeating_it(shop, what):
    """Meanwhile nobody renders anything, and a submission leaves it alone."""
    batch = shop.submit()
    shop.render(0)
    shop.fail(1)
    items = shop.items()
    shop.lose()
    if what == "begun":
        shop.board.open_batch(batch)
        shop.board.begin_restoring("spring", paused=False, cancelled=False)
    else:
        with pytest.raises(Interrupted):
            shop.recover(progress=_interrupting)
    assert shop.board.take_for_publishing(10, 60) == []
    assert phase(shop.board.status("spring")) == "recovering"
    assert "being recovered" in plain_line(next(watch(shop.board, "spring")))
    with pytest.raises(BatchRestoring):
        shop.submit()
    assert not shop.recover().repeated
    assert shop.items() == items
    assert phase(shop.board.status("spring")) == "running"


def _interrupting(what, _count):
    if what == "recovered":
        raise Interrupted


def test_a_submission_that_died_midway_is_recovered_too(shop):
    """What it left on the board is completed, results and all."""
    batch = shop.submit()
    shop.render(0)
    items, specs = shop.items(), [item.spec for item in shop.board.items("spring")]
    shop.lose()
    shop.board.open_batch(batch)
    shop.board.add_items("spring", specs[:3])
    shop.recover()
    assert shop.items() == items


def test_recoveries_at_once_make_one_batch(shop):
    """Whoever is first with each of its slices."""
    shop.submit(*({"external_id": str(n), "source": shop.source(n)} for n in range(50)))
    for number in range(20):
        shop.render(number)
    items = shop.items()
    shop.lose()
    with ThreadPoolExecutor(4) as threads:
        recoveries = [threads.submit(shop.recover) for _ in range(4)]
    assert min(one.result().repeated for one in recoveries) is False
    assert shop.items() == items
    assert phase(shop.board.status("spring")) == "running"


def test_a_later_look_at_s3_finishes_what_an_earlier_one_queued(shop):
    """Between the two a worker of the lost board put its last result down."""
    shop.submit()
    spec = shop.board.item("spring", 0).spec
    shop.paint(0)
    shop.lose()
    batch = shop.recover().status.batch
    shop.lose()
    shop.board.open_batch(batch)
    shop.board.begin_restoring("spring", paused=False, cancelled=False)
    shop.board.add_items("spring", [spec])
    shop.recover()
    assert shop.states()[0] == "done"


# --- cancelled, paused -------------------------------------------------------------------------


def test_a_batch_that_had_ended_cancelled_stays_cancelled(shop):
    """Its written results tell, and nothing of it comes back to life."""
    shop.submit()
    shop.render(0)
    shop.fail(1)
    shop.board.cancel("spring")
    items = shop.items()
    write_results(shop.board, shop.store, "spring")
    shop.lose()
    recovery = shop.recover()
    assert recovery.status.cancelled
    assert shop.states() == ["done", "failed", "cancelled", "cancelled", "cancelled"]
    assert shop.items() == items


def test_failures_without_a_sidecar_come_back_from_the_written_results(shop):
    """Poison kills its worker, who writes nothing."""
    shop.submit()
    claim = shop.board.claim("spring", 3, "host/cpu", 60)
    failure = Failure(code="poison", message="It never came back.", hint="Look at the source.")
    shop.board.finish(claim, failure)
    write_results(shop.board, shop.store, "spring")
    shop.lose()
    shop.recover()
    assert shop.board.item("spring", 3).failure == failure


def test_what_was_retried_since_the_results_were_written_is_done(shop):
    """A result in S3 counts before the rows of an earlier end."""
    shop.submit()
    shop.fail(1)
    write_results(shop.board, shop.store, "spring")
    shop.board.retry("spring")
    result = shop.render(1)
    shop.lose()
    shop.recover()
    assert shop.board.item("spring", 1).result == result


def test_a_paused_recovery_renders_nothing_before_a_person_resumes_it(shop):
    """Whether a batch was cancelled may stand nowhere."""
    shop.submit()
    shop.lose()
    assert shop.recover(paused=True).status.paused
    assert shop.board.take_for_publishing(10, 60) == []
    shop.board.resume("spring")
    assert len(shop.board.take_for_publishing(10, 60)) == 5


def test_the_command_tells_what_came_of_it(shop):
    """One line for a person, the batch's roll-up for a program; the second time likewise."""
    shop.submit()
    shop.render(0)
    shop.lose()
    run = CliRunner().invoke(app, ["recover", shop.record(), "--paused"])
    assert run.exit_code == 0, run.output
    assert "The batch spring is back on the board: 4 queued, 1 done of 5 items." in run.stdout
    assert "Next: restyle resume spring" in run.stdout
    again = CliRunner().invoke(app, ["recover", shop.record()])
    assert "The batch spring was on the board; nothing was changed" in again.stdout
    told = json.loads(CliRunner().invoke(app, ["recover", shop.record(), "--json"]).stdout)
    assert (told["batch"], told["repeated"], told["phase"]) == ("spring", True, "paused")
    assert told["counts"]["done"] == 1
