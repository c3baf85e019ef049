"""The report of a batch on a real board and a real S3: written at its end, asked for before."""

import io
import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from producer.cli import app
from producer.record import plan_address
from producer.report import pictures
from producer.report.record import Report
from producer.report.tally import SAMPLE_ITEMS
from producer.steward import Ending
from producer.steward.announcing import announce_broken
from producer.webhooks import new_secret
from shared.errors import BatchUnknown, StorageUnavailable, StyleInvalid
from shared.jobs import Batch, Failure, ItemSpec, ResolvedModel, Result
from shared.keys import ResultKeys, S3Address, batch_file, replay_prefix
from shared.pictures.limits import Limits
from shared.s3 import ObjectStore
from shared.schedules import Schedule, Slot
from shared.settings import Settings
from shared.states import ItemState
from shared.styles import Style

STYLE = Style(name="Autumn reds", mask="the dress", paint="a red dress")
MODELS = {
    name: ResolvedModel(reference=name, kind="hub", digest="a" * 40)
    for name in (STYLE.segmenter, STYLE.painter)
}
LIMITS = Limits(max_bytes=5_000_000, max_side=4_000, max_pixels=4_000_000)
MASK_EMPTY = Failure(code="mask_empty", message="Nothing was found.", hint="Supply a mask.")


@cache
def picture(mode: str, container: str, size: tuple[int, int] = (60, 80)) -> bytes:
    """Noise: the worst to compress."""
    shape = (size[1], size[0], 3) if mode == "RGB" else (size[1], size[0])
    noise = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    sink = io.BytesIO()
    Image.fromarray(noise).save(sink, container)
    return sink.getvalue()


class Night:
    """A batch on the board, its pictures in the bucket, and a hand that plays the worker."""

    def __init__(self, board, store: ObjectStore, bucket: Path) -> None:
        self.board, self.store, self.bucket = board, store, bucket
        self.output = f"s3://{bucket.name}/out/"
        self.batch_id = f"b-{uuid.uuid4().hex[:8]}"

    def submit(self, *external_ids: str) -> None:
        """Put a batch with these items on the board."""
        self.batch = Batch(
            batch_id=self.batch_id,
            submitted_at=datetime.now(UTC),
            output=self.output,
            style=STYLE,
            models=MODELS,
            total=len(external_ids),
            manifest_digest="a" * 64,
        )
        specs = [
            ItemSpec(number=n, external_id=name, source=f"s3://{self.bucket.name}/in/{n}.jpg")
            for n, name in enumerate(external_ids)
        ]
        self.board.open_batch(self.batch)
        self.board.add_items(self.batch_id, specs)
        self.board.seal_batch(self.batch_id)

    def result(self, number: int, variants: int = 1) -> Result:
        """Where the outputs of an item go."""
        keys = ResultKeys.of(self.output, f"s3://{self.bucket.name}/in/{number}.jpg", "a" * 64)
        return Result(
            fingerprint="a" * 64,
            variants=tuple(str(keys.variant(n, "jpg")) for n in range(1, variants + 1)),
            mask=str(keys.mask),
            sidecar=str(keys.sidecar),
            render_seconds=4.0 + number,
            device_seconds=2.0,
            size=1_000,
        )

    def finish(self, number: int, outcome: Result | Failure) -> None:
        """Claim an item and report it."""
        self.board.finish(self.board.claim(self.batch_id, number, "tester", 30.0), outcome)

    def put_pictures(self, number: int, result: Result, size: tuple[int, int] = (60, 80)) -> None:
        """Lay source, mask and variants of an item into the bucket."""
        jpeg = picture("RGB", "JPEG", size)
        files = {f"s3://{self.bucket.name}/in/{number}.jpg": jpeg}
        files |= {result.mask: picture("L", "PNG", size)}
        files |= dict.fromkeys(result.variants, jpeg)
        for address, raw in files.items():
            path = self.bucket / S3Address.parse(address).key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(raw)

    def done(self, number: int) -> None:
        """An item that went well."""
        result = self.result(number)
        self.put_pictures(number, result)
        self.finish(number, result)

    def file(self, name: str) -> bytes:
        """A file about the batch."""
        return self.store.get(batch_file(self.output, self.batch_id, name))


@pytest.fixture
def night(board, store, bucket) -> Night:
    """A night's batch in the test's own bucket and namespace."""
    return Night(board, store, bucket)


def restyle(*arguments: str):
    """Run the command line in this process."""
    return CliRunner().invoke(app, list(arguments))


# --- at the end ------------------------------------------------------------------------------


def test_an_ended_batch_has_its_report(night, tmp_path):
    """Page and JSON are there before it is marked; what somebody deleted costs its place only."""
    night.submit("DRESS-1", "DRESS-2", "DRESS-3")
    night.done(0)
    night.finish(1, night.result(1))  # whose pictures are gone
    night.finish(2, MASK_EMPTY)
    plan = {"new": 2, "changed": 1, "changed_by": {"style": 1}, "orphaned": 1, "later": []}
    plan["orphans"] = [{"external_id": "GONE-7", "source": "s3://o/7.jpg", "variants": []}]
    night.store.put(
        plan_address(night.board.status(night.batch_id).batch),
        json.dumps(plan).encode(),
        content_type="application/json",
    )
    assert Ending(night.board, night.store, LIMITS).end_batches() == [night.batch_id]
    report = Report.model_validate_json(night.file("report.json"))
    assert (report.phase, report.so_far) == ("ended", False)
    assert report.counts[ItemState.DONE] == 2
    assert report.plan.changed_by == {"style": 1}
    assert [slow.external_id for slow in report.slowest] == ["DRESS-2", "DRESS-1"]
    page = night.file("report.html").decode()
    assert page.count("data:image/jpeg;base64,") == 3
    for words in ("There is no object", "mask_empty", "2 of 3 items restyled", "GONE-7"):
        assert words in page
    told = restyle("report", night.batch_id, "--output", str(tmp_path))
    assert told.exit_code == 0, told.output
    for words in ("ended. 2 of 3 items restyled", "1 mask_empty: Nothing was found.", "DRESS-2"):
        assert words in told.stdout
    assert (tmp_path / f"{night.batch_id}-report.html").read_text() == page
    asked = json.loads(restyle("report", night.batch_id, "--json").stdout)
    assert asked == report.model_dump(mode="json")


def test_a_replay_has_results_and_no_report(night):
    """Whoever replays looks at its one item, and removes what lies there soon."""
    night.output = str(replay_prefix(night.output, night.batch_id))
    night.submit("DRESS-1")
    night.finish(0, MASK_EMPTY)
    assert Ending(night.board, night.store, LIMITS).end_batch(night.batch_id)
    assert night.file("results.jsonl")
    assert not night.store.exists(batch_file(night.output, night.batch_id, "report.json"))


class Odd(ObjectStore):
    """A store that does something odd before it writes a report."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.act: Callable[[S3Address], None] = lambda _: None

    def put(self, address: S3Address, body: bytes, *, content_type: str) -> str:
        """Write, after the odd thing."""
        if "/report." in str(address):
            self.act(address)
        return super().put(address, body, content_type=content_type)


def test_a_defect_in_a_report_never_keeps_a_batch_from_ending(night):
    """Results are written, the batch ends; the report is made anew when somebody asks for it."""
    night.submit("DRESS-1")
    night.finish(0, MASK_EMPTY)
    odd = Odd.connect()

    def fail(address: S3Address) -> None:
        raise LookupError(address)

    odd.act = fail
    assert Ending(night.board, odd, LIMITS).end_batch(night.batch_id)
    assert night.file("results.jsonl")
    assert "0 of 1 item restyled." in restyle("report", night.batch_id).stdout


def test_a_fault_of_s3_is_the_next_beats_business(night):
    """As for the results: nothing is marked, and the next beat writes all of it."""
    night.submit("DRESS-1")
    night.finish(0, MASK_EMPTY)
    odd = Odd.connect()

    def fail(address: S3Address) -> None:
        odd.act = lambda _: None
        raise StorageUnavailable(address=address, operation="PutObject", reason="a test")

    odd.act = fail
    assert Ending(night.board, odd, LIMITS).end_batches() == []
    assert Ending(night.board, odd, LIMITS).end_batches() == [night.batch_id]
    assert night.file("report.html")


# --- before the end --------------------------------------------------------------------------


def test_a_report_of_an_open_batch_says_so_far(night, tmp_path):
    """Made on request from what is done, and written to this disk only."""
    night.submit("DRESS-1", "DRESS-2")
    night.done(0)
    done = restyle("report", night.batch_id, "--output", str(tmp_path / "look.html"))
    assert done.exit_code == 0, done.output
    assert "1 of 2 items restyled" in done.stdout
    assert "The batch is not over" in done.stdout
    page = (tmp_path / "look.html").read_text()
    assert "Report so far" in page
    assert page.count("data:image/jpeg;base64,") == 3
    assert not night.store.exists(batch_file(night.output, night.batch_id, "report.json"))


@pytest.mark.parametrize("output", ["s3://shop/report.html", "report.pdf"])
def test_a_report_goes_to_no_other_kind_of_file(night, output):
    """An address is no file of this disk, and a report is no PDF."""
    done = restyle("report", night.batch_id, "--output", output, "--json")
    assert done.exit_code == 2
    assert json.loads(done.stdout)["error"]["code"] == "file_unwritable"


def test_an_unknown_batch_has_no_report(night):
    """An error, never an empty report."""
    done = restyle("report", "nobody", "--json")
    assert json.loads(done.stdout)["error"]["code"] == BatchUnknown.code


# --- its size --------------------------------------------------------------------------------


def test_the_page_stays_small_whatever_the_pictures(night):
    """Noise, many items of sixteen variants: few are fetched, and the page is under 1.5 MB."""
    names = [f"DRESS-{number}" for number in range(SAMPLE_ITEMS + 3)]
    night.submit(*names)
    for number in range(len(names)):
        result = night.result(number, variants=16)
        night.put_pictures(number, result, (300, 300))
        night.finish(number, result)
    assert Ending(night.board, night.store, LIMITS).end_batch(night.batch_id)
    page = night.file("report.html")
    assert len(page) < 1_500_000
    shown = page.count(b"data:image/jpeg;base64,")
    assert 0 < shown < SAMPLE_ITEMS * (2 + pictures.MOST_VARIANTS)
    assert shown % (2 + pictures.MOST_VARIANTS) == 0
    assert b"4 of 16 variants" in page


def test_a_schedule_that_is_broken_is_told_where_its_pictures_are_missed(night):
    """In the reports of its output, and in no others."""
    now = datetime.now(UTC)
    for name, output in (("nightly", night.output), ("elsewhere", f"{night.output}else/")):
        fields = {"manifest": f"{night.output}in/", "style": "mask: x", "output": output}
        cron = {"cron": "0 1 * * *", "timezone": "UTC", "created_at": now}
        night.board.add_schedule(Schedule(name=name, **fields, **cron))
        night.board.make_run(name, Slot(at=now, asked=True), "waiting")
        run = night.board.take_run("steward", 60)
        told = StyleInvalid(style="summer.yaml", reason="prompt is missing")
        night.board.end_run(run, Failure.of(told))
    settings = Settings(webhooks="https://shop.example/hook", webhook_secret=new_secret())
    for _ in range(2):  # by two stewards, say
        announce_broken(night.board, settings, run, Failure.of(told))
    assert [one.event for one in night.board.deliveries()] == ["schedule.broken"]
    night.submit("DRESS-1")
    night.done(0)
    assert Ending(night.board, night.store, LIMITS).end_batch(night.batch_id)
    report = Report.model_validate_json(night.file("report.json"))
    assert [broken.name for broken in report.broken_schedules] == ["nightly"]
    assert "The schedule nightly is broken (style_invalid)" in night.file("report.html").decode()
    assert "schedule nightly is broken" in restyle("report", night.batch_id).stdout
