"""The plan against a real Redis and S3: what is new, changed and why, unchanged, orphaned."""

import gzip
import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner

from producer.cli import app
from producer.index import listed_segments
from producer.plan import Kind
from producer.steward import Ending
from producer.summary import halt
from shared.allowed import AllowedPlaces
from shared.errors import NothingToSubmit, RecordInvalid
from shared.fingerprint import RENDERER_VERSION
from shared.jobs import Failure
from shared.keys import S3Address
from shared.s3 import ObjectStore
from shared.states import ItemState
from shared.windows import Window
from tests.nights import LIMITS, NAMES


def kinds(plan):
    """Of the plan's numbers those that are not zero."""
    return {str(kind): plan[kind] for kind in Kind if plan[kind]}


def test_a_first_night_renders_everything(nights):
    """There is no earlier result, and no history to forecast from."""
    plan = nights.submit("first")
    assert kinds(plan) == {"new": 4}
    assert plan["forecast"]["basis"] == "no history yet"
    assert plan["forecast"]["device_seconds"] is None


def test_an_unchanged_catalogue_queues_nothing_and_is_told_whole(second):
    """The batch ends by itself; its results name those of the first night, in order."""
    assert kinds(second.submit("again")) == {"unchanged": 4}
    status = second.board.status("again")
    assert (status.batch.total, status.open) == (4, 0)
    assert second.board.items("again") == []
    assert Ending(second.board, second.store, LIMITS).end_batches() == ["again"]
    first, again = second.results("first"), second.results("again")
    assert [(name, variants) for name, _, variants in again] == [
        (name, variants) for name, _, variants in first
    ]
    assert {state for _, state, _ in again} == {"unchanged"}


def test_only_what_changed_is_rendered_and_the_results_hold_all(second):
    """One source is replaced, one row is added; the order of the manifest is kept."""
    second.stock("b", "second")
    second.rows.append({"external_id": "e", "source": second.shop.source("e")})
    second.stock("e")
    plan = second.submit("next")
    assert kinds(plan) == {"new": 1, "changed": 1, "unchanged": 3}
    assert plan["changed_by"] == {"source": 1}
    assert second.render("next") == ["b", "e"]
    told = [(name, state) for name, state, _ in second.results("next")]
    states = ["unchanged", "done", "unchanged", "unchanged", "done"]
    assert told == list(zip("abcde", states, strict=True))
    counts = second.board.status("next").counts
    assert (counts[ItemState.UNCHANGED], counts[ItemState.DONE]) == (3, 2)


def test_it_says_what_changed(second):
    """Source, mask, style and model, each by itself and two together."""
    mask = S3Address.parse(f"s3://{second.shop.bucket.name}/in/mask.png")
    second.shop.put(mask, b"mask")
    second.rows[0]["mask"] = str(mask)
    second.rows[1]["seed"] = 7
    second.stock("c", "second")
    second.rows[2]["steps"] = 9
    told, _, _ = second.plan()
    assert told["a"] == (Kind.CHANGED, "mask")
    assert told["b"] == (Kind.CHANGED, "style")
    assert told["c"] == (Kind.CHANGED, "source", "style")
    assert told["d"] == (Kind.UNCHANGED,)
    (second.shop.model / "weights.safetensors").write_bytes(b"\1" * 16)
    assert second.plan()[0]["d"] == (Kind.CHANGED, "model")


def test_results_of_an_older_renderer_are_rendered_again(second):
    """The index tells which release painted them."""
    (segment,) = listed_segments(second.shop.output, second.store)
    head, *lines = gzip.decompress(second.store.get(segment)).decode().splitlines()
    place = json.loads(lines[0]).index(RENDERER_VERSION)
    for number, line in enumerate(lines):
        values = json.loads(line)
        values[place], values[place + 1] = RENDERER_VERSION - 1, "0" * 64
        lines[number] = json.dumps(values)
    second.shop.put(segment, gzip.compress("\n".join([head, *lines]).encode()))
    told, _, _ = second.plan()
    assert set(told.values()) == {(Kind.CHANGED, "renderer")}


def test_two_styles_in_one_output_hold_side_by_side(second):
    """A night of another style makes nothing of the first one stale."""
    second.style = second.style | {"paint": "blue"}
    assert kinds(second.submit("blue")) == {"changed": 4}
    second.render("blue")
    assert kinds(second.submit("blue-again")) == {"unchanged": 4}
    second.style = second.style | {"paint": "red"}
    assert kinds(second.submit("red-again")) == {"unchanged": 4}


def test_a_lost_source_is_reported_and_its_result_stays(second):
    """By a row that names it still, and by a result that no row names."""
    for name in ("a", "d"):
        second.store.delete(S3Address.parse(second.shop.source(name)))
    del second.rows[3]
    told, orphans, _ = second.plan(orphans=True)
    assert told["a"] == (Kind.ORPHANED,)
    assert orphans == ["a", "d"]
    plan = second.submit("next")
    assert kinds(plan) == {"unchanged": 2, "orphaned": 1}
    assert [orphan["external_id"] for orphan in plan["orphans"]] == ["a"]
    for _, _, variants in second.results("first"):
        assert second.store.exists(S3Address.parse(variants[0]))


def test_a_row_that_left_the_manifest_is_no_orphan_while_its_source_is_there(second):
    """Another manifest may name it."""
    del second.rows[3]
    assert second.plan(orphans=True)[1] == []


def test_equal_bytes_hold_when_they_are_compared(second):
    """Put anew with another ETag; without the wish a changed ETag is a changed source."""
    entries = _with_etag(second, "another")
    assert entries == 4
    assert second.plan()[0]["a"] == (Kind.CHANGED, "source")
    second.stock("b", "second")
    told = second.plan(verify_bytes=True)[0]
    assert told["a"] == (Kind.UNCHANGED,)
    assert told["b"] == (Kind.CHANGED, "source")


def _with_etag(nights, etag):
    """Let the index have seen every source under another ETag, with its true bytes."""
    (segment,) = listed_segments(nights.shop.output, nights.store)
    head, *lines = gzip.decompress(nights.store.get(segment)).decode().splitlines()
    for number, line in enumerate(lines):
        values = json.loads(line)
        content = nights.store.get(S3Address.parse(values[1]))
        values[2], values[4] = etag, hashlib.sha256(content).hexdigest()
        values[11] = "0" * 64
        lines[number] = json.dumps(values)
    nights.shop.put(segment, gzip.compress("\n".join([head, *lines]).encode()))
    return len(lines)


def test_a_result_that_somebody_removed_is_rendered_again_where_that_is_asked(second):
    """Without the wish nobody looks: the index is believed."""
    name, _, (variant,) = second.results("first")[1]
    sidecar = variant.replace(".v1.png", ".json")
    second.store.delete(S3Address.parse(sidecar))
    assert second.plan()[0][name] == (Kind.UNCHANGED,)
    told = second.plan(verify_results=True)[0]
    assert told[name] == (Kind.CHANGED, "result")
    assert list(told.values()).count((Kind.UNCHANGED,)) == 3


def test_force_renders_everything(second):
    """Whatever there is."""
    assert kinds(second.submit("forced", force=True)) == {"new": 4}


def test_what_waits_elsewhere_is_left_to_it(second):
    """A night that its window stopped half-way is no reason to render anything twice."""
    for name in NAMES:
        second.stock(name, "second")
    second.submit("night")
    second.render("night", end=False, most=1)
    second.stock("e")
    second.rows.append({"external_id": "e", "source": second.shop.source("e")})
    plan = second.submit("next")
    assert kinds(plan) == {"new": 1, "unchanged": 1, "pending": 3}
    assert plan["pending_in"] == {"night": 3}
    del second.rows[4], second.rows[0]
    with pytest.raises(NothingToSubmit, match="3 wait in night"):
        second.submit("nothing")


def test_what_waits_under_another_style_is_rendered(second):
    """A batch that goes wrong must not hold up the one that goes right."""
    for name in NAMES:
        second.stock(name, "second")
    second.submit("wrong")
    second.style = second.style | {"paint": "green"}
    assert kinds(second.submit("right")) == {"changed": 4}


def test_the_forecast_rests_on_what_such_items_took(second):
    """Ten device seconds for four of the same kind; nobody is at work, so no time of the end."""
    for name in NAMES:
        second.stock(name, "second")
    forecast = second.plan()[2]
    assert (forecast.images, forecast.device_seconds) == (4, 10.0)
    assert forecast.bytes_to_write == sum(
        second.store.head(S3Address.parse(address)).size
        for _, _, variants in second.results("first")
        for address in variants
    )
    assert forecast.basis.startswith("the mean of 4 images by the same model (512 px, 25 steps)")
    assert forecast.finish_at is None
    second.board.report_worker("w", {})
    assert second.plan()[2].finish_at is not None


def test_an_unknown_kind_of_work_is_said_to_be_one(second):
    """Another size was never measured in this output."""
    second.style = second.style | {"working_size": 768}
    forecast = second.plan()[2]
    assert (forecast.unknown, forecast.device_seconds) == (4, None)
    assert forecast.basis == "no history yet"


def test_many_segments_are_folded_and_tell_the_same(second):
    """The newest entry of each item and style stays, and the history's sums."""
    for night in range(2):
        second.stock("a", f"night {night}")
        second.submit(f"night-{night}")
        second.render(f"night-{night}")
    before = second.plan()
    assert len(listed_segments(second.shop.output, second.store)) == 3
    assert second.plan(fold_from=3) == before
    (folded,) = listed_segments(second.shop.output, second.store)
    assert Path(folded.key).name.startswith("_folded-")
    assert second.plan() == before


def test_a_damaged_index_is_named(second):
    """Nothing is queued on a guess."""
    (segment,) = listed_segments(second.shop.output, second.store)
    second.shop.put(segment, b"no gzip")
    with pytest.raises(RecordInvalid, match="no segment of an index"):
        second.submit("next")
    whole = gzip.compress(json.dumps({"version": 9, "measured": [], "entries": 0}).encode())
    second.shop.put(segment, whole)
    with pytest.raises(RecordInvalid, match="version 9"):
        second.submit("next")


def test_an_interrupted_submission_is_completed_as_it_was_planned(second):
    """What was planned first is in the record, whatever has changed since."""
    second.stock("b", "second")
    add, second.board.add_items = second.board.add_items, _die
    with pytest.raises(ConnectionError):
        second.submit("next")
    second.board.add_items = add
    second.stock("c", "second")
    assert second.submit("next") is None
    assert [item.spec.external_id for item in second.board.items("next")] == ["b"]
    assert second.board.status("next").sealed


def _die(*_):
    raise ConnectionError


def test_a_planned_batch_comes_back_after_redis_was_lost(second):
    """Its record has the queued rows alone, and what is unchanged stays so."""
    second.stock("b", "second")
    second.submit("next")
    rows = second.results("next")
    second.shop.lose()
    second.shop.recover(second.shop.record("next"))
    assert second.results("next") == rows
    assert second.render("next") == ["b"]


def test_a_recovered_batch_keeps_to_its_window(nights):
    """Closed before the loss, closed after it: nothing is given out, and status says why."""
    later = datetime.now(UTC) + timedelta(hours=2)
    window = Window.of(f"{later.minute} {later.hour} * * *", "UTC", 3_600)
    nights.submit("night", window=window)
    assert nights.board.take_for_publishing(99, 60) == []
    nights.shop.lose()
    nights.shop.recover(nights.shop.record("night"))
    assert nights.board.take_for_publishing(99, 60) == []
    assert "its window is closed until" in halt(nights.board.status("night"))


def test_a_prefix_is_planned_by_its_own_listing(second):
    """Identities are the keys; the sources' ETags came with the listing."""
    prefix = f"s3://{second.shop.bucket.name}/in/"
    assert kinds(second.submit("listed", prefix)) == {"new": 5}  # one lay there before
    second.render("listed")
    second.stock("d", "second")
    assert kinds(second.submit("listed-again", prefix)) == {"changed": 1, "unchanged": 4}


def test_a_lost_index_is_written_anew_from_the_sidecars(second):
    """It tells the same, and so does the forecast; what cannot be read is named."""
    second.style = second.style | {"paint": "blue"}
    second.submit("blue")
    second.render("blue")
    second.stock("b", "second")
    before = second.plan()
    for segment in listed_segments(second.shop.output, second.store):
        second.shop.put(segment, b"damaged")
    second.shop.put(S3Address.parse(f"{second.shop.output}odd.0123456789ab.json"), b"{")
    told = CliRunner().invoke(app, ["index", second.shop.output])
    assert told.exit_code == 0, told.output
    assert "tells 8 results" in told.stdout
    assert "odd.0123456789ab.json" in told.stdout
    verdicts, orphans, forecast = second.plan()
    assert {name: one[0] for name, one in verdicts.items()} == {
        name: one[0] for name, one in before[0].items()
    }
    assert orphans == before[1]
    assert (forecast.images, forecast.unknown) == (before[2].images, 0)


def test_the_command_tells_the_plan_and_writes_each_verdict(second, tmp_path):
    """Counts with their reasons for people, all of it as JSON, and a line for each row."""
    second.stock("b", "second")
    rows, style = second._files()
    files = ["--manifest", rows, "--style", str(style), "--output", second.shop.output]
    told = CliRunner().invoke(app, ["plan", *files, "--rows", str(tmp_path / "plan.jsonl")])
    assert told.exit_code == 0, told.output
    lines = [line.split() for line in told.stdout.splitlines()[:2]]
    assert lines == [["changed", "1", "source", "1"], ["unchanged", "3"]]
    assert "Forecast (an estimate): 1 image, 0:00:02 of devices" in told.stdout
    verdicts = [json.loads(line) for line in (tmp_path / "plan.jsonl").read_text().splitlines()]
    kinds_of = [(row["external_id"], row["kind"], row["reasons"]) for row in verdicts]
    assert kinds_of[:2] == [("a", "unchanged", []), ("b", "changed", ["source"])]
    assert all(len(row["variants"]) == 1 for row in verdicts)
    asked = CliRunner().invoke(app, ["plan", *files, "--json"])
    assert json.loads(asked.stdout)["unchanged"] == 3


# --- beside others ---------------------------------------------------------------------------


class Meanwhile(ObjectStore):
    """A store beside which something happens right before its first answer of some kind."""

    def before(self, method, act):
        """Let something happen before the first call of a method."""
        self._method, self._act = method, act
        return self

    def _happen(self, method):
        if getattr(self, "_method", None) == method:
            self._method = None
            self._act()

    def list(self, prefix, *, below=True):
        """List."""
        self._happen("list")
        return super().list(prefix, below=below)

    def download(self, address, path, *, max_bytes):
        """Download."""
        self._happen("download")
        super().download(address, path, max_bytes=max_bytes)


def test_an_index_that_is_folded_while_it_is_read_is_listed_anew(second):
    """Or a whole catalogue would be taken for new."""
    quiet = second.store
    fold = partial(second.plan, fold_from=1)
    second.store = Meanwhile.connect().before("download", lambda: _with(second, quiet, fold))
    told, _, _ = second.plan()
    assert set(told.values()) == {(Kind.UNCHANGED,)}


def _with(nights, store, act):
    mine, nights.store = nights.store, store
    act()
    nights.store = mine


def test_a_batch_that_ends_while_it_is_planned_is_seen(second):
    """In hand before, in the index after: never in neither."""
    for name in NAMES:
        second.stock(name, "second")
    second.submit("night")
    second.render("night", end=False)
    ending = Ending(second.board, second.store, LIMITS)
    second.store = Meanwhile.connect().before("list", ending.end_batches)
    told, _, _ = second.plan()
    assert set(told.values()) == {(Kind.UNCHANGED,)}


def test_two_submissions_at_once_queue_each_item_once(second):
    """The second waits for its turn, and leaves to the first what that has in hand."""
    for name in NAMES:
        second.stock(name, "second")
    second._files()
    with ThreadPoolExecutor(2) as threads:
        calls = [threads.submit(second.submit, name) for name in ("one", "two")]
        errors = [call.exception() for call in calls]
    assert sum(isinstance(error, NothingToSubmit) for error in errors) == 1
    assert sum(one.batch.total for one in second.board.open_batches()) == 4


def test_the_same_submission_at_once_is_one(second):
    """Under one id the second is a repetition, and no batch waits for itself."""
    second.stock("b", "second")
    second._files()
    with ThreadPoolExecutor(2) as threads:
        plans = list(threads.map(lambda _: second.submit("same"), range(2)))
    assert sum(plan is None for plan in plans) == 1
    assert second.board.status("same").open == 1


def test_an_interrupted_submission_holds_nothing_back(second):
    """What was never sealed is rendered by nobody, so others need not wait for it."""
    second.stock("b", "second")
    seal, second.board.seal_batch = second.board.seal_batch, _die
    with pytest.raises(ConnectionError):
        second.submit("dead")
    second.board.seal_batch = seal
    assert kinds(second.submit("next")) == {"changed": 1, "unchanged": 3}


def test_results_of_a_retry_outlive_a_fold_of_the_first_end(second):
    """Each end has a segment of its own name, so that none is removed unread."""
    second.stock("b", "second")
    second.submit("night")
    claim = second.board.claim("night", 0, "w", 60)
    second.board.finish(claim, Failure(code="mask_empty", message="Nothing.", hint="Look."))
    Ending(second.board, second.store, LIMITS).end_batches()
    before = listed_segments(second.shop.output, second.store)
    second.board.retry("night")
    second.render("night")
    after = listed_segments(second.shop.output, second.store)
    assert set(before) < set(after)
    assert second.plan()[0]["b"] == (Kind.UNCHANGED,)


# --- closed places ---------------------------------------------------------------------------


def test_places_that_are_open_are_listed_though_what_they_share_is_closed(second):
    """Two folders of one bucket, and nothing between them."""
    other = f"s3://{second.shop.bucket.name}/other/e.jpg"
    second.shop.put(S3Address.parse(other), b"e")
    second.rows.append({"external_id": "e", "source": other})
    second.submit("more")
    second.render("more")
    bucket = f"s3://{second.shop.bucket.name}/"
    allowed = AllowedPlaces.parse(f"{bucket}in/,{bucket}other/", f"{bucket}out/")
    second.store = ObjectStore.connect(allowed=allowed)
    assert set(second.plan()[0].values()) == {(Kind.UNCHANGED,)}


def test_a_removed_result_is_rendered_again_whatever_its_bytes_say(second):
    """Both wishes together: the source holds, and there is nothing to link it to."""
    _with_etag(second, "another")
    for _, _, (variant,) in second.results("first"):
        second.store.delete(S3Address.parse(variant))
    told = second.plan(verify_bytes=True, verify_results=True)[0]
    assert set(told.values()) == {(Kind.CHANGED, "result")}


# --- what was rejected


def test_a_rejected_item_does_not_come_back_every_night(nights, reviewer):
    """Mask or result: its row says so, until its source changes or somebody insists."""
    nights.submit("first")
    reviewer.hold_mask(0, "first")
    reviewer.hold_result(1, "first")
    reviewer.decide(0, 1, batch_id="first", action="reject", reason="wrong_mask")
    assert nights.plan()[0]["a"] == (Kind.UNCHANGED,)  # while its batch is open, too
    nights.render("first")
    assert nights.submit("second")["unchanged"] == 4
    told = nights.results("second")
    assert told[:2] == [("a", "rejected", ()), ("b", "rejected", ())]
    assert nights.plan(verify_results=True)[0]["b"] == (Kind.UNCHANGED,)
    assert nights.plan(force=True)[0]["a"] == (Kind.NEW,)
    nights.stock("a", "second")
    assert nights.plan()[0]["a"] == (Kind.CHANGED, "source")
    nights.style = nights.style | {"paint": "green"}
    assert nights.plan()[0]["b"] == (Kind.CHANGED, "style")


def test_a_rejection_that_was_taken_back_is_none(nights, reviewer):
    """The item waits in its batch again, and what is decided then counts."""
    nights.submit("first")
    reviewer.hold_result(0, "first")
    reviewer.decide(0, batch_id="first", action="reject")
    nights.render("first")
    nights.board.undo("first", "d1", "ada")
    assert nights.plan()[0]["a"] == (Kind.PENDING, "first")
    reviewer.decide(0, batch_id="first", name="d2")
    reviewer.publishing().follow()
    assert Ending(nights.board, nights.store, LIMITS).end_batches() == ["first"]
    nights.submit("second")
    (variants,) = [pictures for name, _, pictures in nights.results("second") if name == "a"]
    assert variants == nights.board.item("first", 0).result.variants


def test_a_rejected_attempt_takes_nothing_from_an_earlier_result(second, reviewer):
    """Rendered once more because somebody insisted, and not taken: the first one stands."""
    second.submit("again", force=True)
    reviewer.hold_mask(0, "again")
    reviewer.decide(0, batch_id="again", action="reject")
    second.render("again")
    second.submit("next")
    told = {name: (state, pictures) for name, state, pictures in second.results("next")}
    assert told["a"] == ("unchanged", second.results("first")[0][2])
