"""Results and contact sheet of a batch, from a real board and a real S3."""

import csv
import io
import json
import uuid
from datetime import UTC, datetime

import pytest
from PIL import Image
from typer.testing import CliRunner

from infra.demo import services
from producer.cli import app
from producer.cli.gauge import plain_line
from producer.cli.watching import facts
from producer.results import each_item, write_results
from producer.watch import watch
from shared.board import StatusBoard
from shared.errors import BatchUnknown, BucketMissing, RedisUnreachable
from shared.jobs import Batch, Failure, ItemSpec, Result
from shared.keys import ResultKeys, S3Address, batch_file
from shared.s3 import ObjectStore
from shared.settings import load_settings
from shared.states import ItemState
from shared.styles import Style

pytestmark = pytest.mark.usefixtures("restyle_environment")

STYLE = Style(name="Autumn reds", mask="the dress", paint="a red dress", variants=2)
MASK_EMPTY = Failure(code="mask_empty", message="Nothing was found.", hint="Supply a mask.")


def jpeg(colour: str, size: tuple[int, int] = (60, 80)) -> bytes:
    """A plain picture."""
    sink = io.BytesIO()
    Image.new("RGB", size, colour).save(sink, "JPEG")
    return sink.getvalue()


class Shop:
    """A batch on the board, its pictures in the bucket, and a hand that plays the worker."""

    def __init__(self, bucket: str) -> None:
        self.board = StatusBoard.connect(load_settings())
        self.store = ObjectStore.connect()
        self.bucket = bucket
        self.output = f"s3://{bucket}/out/"
        self.batch_id = f"b-{uuid.uuid4().hex[:8]}"

    def submit(self, *external_ids: str, output: str | None = None) -> None:
        """Put a batch with these items on the board."""
        batch = Batch(
            batch_id=self.batch_id,
            submitted_at=datetime.now(UTC),
            output=output or self.output,
            style=STYLE,
            models={},
            total=len(external_ids),
            manifest_digest="a" * 64,
        )
        specs = [
            ItemSpec(number=n, external_id=name, source=f"s3://{self.bucket}/in/{n}.jpg")
            for n, name in enumerate(external_ids)
        ]
        self.board.open_batch(batch)
        self.board.add_items(self.batch_id, specs)
        self.board.seal_batch(self.batch_id)

    def finish(self, number: int, outcome: Result | Failure | None = None) -> None:
        """Claim an item and report it, done unless told otherwise."""
        claim = self.board.claim(self.batch_id, number, "tester", 30.0)
        self.board.finish(claim, outcome or self.result(number))

    def result(self, number: int, variants: int = 2) -> Result:
        """Where the outputs of an item go."""
        source = f"s3://{self.bucket}/in/{number}.jpg"
        keys = ResultKeys.of(self.output, source, f"{number:064x}")
        pictures = tuple(str(keys.variant(n, "jpg")) for n in range(1, variants + 1))
        return Result(
            fingerprint=f"{number:064x}",
            variants=pictures,
            mask=str(keys.mask),
            sidecar=str(keys.sidecar),
            render_seconds=4.2,
        )

    def put(self, address: str, raw: bytes) -> None:
        """Store an object."""
        self.store.put(S3Address.parse(address), raw, content_type="image/jpeg")

    def put_pictures(self, number: int) -> None:
        """Store source, mask and variants of an item."""
        mask = io.BytesIO()
        Image.new("1", (60, 80), 1).save(mask, "PNG")
        result = self.result(number)
        self.put(f"s3://{self.bucket}/in/{number}.jpg", jpeg("navy"))
        self.put(result.mask, mask.getvalue())
        for address in result.variants:
            self.put(address, jpeg("crimson"))

    def file(self, name: str) -> str:
        """A file about the batch, as text."""
        return self.store.get(batch_file(self.output, self.batch_id, name)).decode()


@pytest.fixture
def shop(bucket) -> Shop:
    """A shop on the test's own bucket and namespace."""
    return Shop(bucket.name)


def restyle(*arguments: str):
    """Run the command line in this process."""
    return CliRunner().invoke(app, list(arguments))


# --- results ---------------------------------------------------------------------------------


def test_results_have_a_row_per_item_in_manifest_order(shop):
    """Done, failed and waiting items alike; JSONL and CSV tell the same."""
    shop.submit("A", "B", "C")
    shop.finish(1, MASK_EMPTY)
    shop.finish(0)
    write_results(shop.board, shop.store, shop.batch_id)
    rows = [json.loads(line) for line in shop.file("results.jsonl").splitlines()]
    table = list(csv.DictReader(io.StringIO(shop.file("results.csv"), newline="")))
    assert [row["external_id"] for row in rows] == ["A", "B", "C"]
    assert [row["state"] for row in rows] == ["done", "failed", "queued"]
    assert rows[0]["variants"] == list(shop.result(0).variants)
    assert rows[0]["sidecar"] == shop.result(0).sidecar
    assert rows[0]["code"] is None
    assert (rows[1]["code"], rows[1]["hint"]) == ("mask_empty", "Supply a mask.")
    assert [row["variant_2"] for row in table] == [shop.result(0).variants[1], "", ""]
    for name in ("external_id", "source", "state", "mask", "fingerprint", "message"):
        assert [row[name] for row in table] == [row[name] or "" for row in rows]


@pytest.mark.parametrize(
    "name", ['plain, "quoted"\nand broken', "=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\tx", "ü→"]
)
def test_no_id_breaks_out_of_its_cell(shop, name):
    """JSONL keeps an id exactly; in CSV what a spreadsheet would run is text behind a quote."""
    shop.submit(name, "next")
    write_results(shop.board, shop.store, shop.batch_id)
    row = json.loads(shop.file("results.jsonl").splitlines()[0])
    cells = list(csv.reader(io.StringIO(shop.file("results.csv"), newline="")))
    assert row["external_id"] == name
    assert cells[1][0].removeprefix("'") == name
    assert not cells[1][0].startswith(("=", "+", "-", "@", "\t"))
    assert cells[2][0] == "next"


def test_items_are_read_page_by_page_without_gap_or_repeat(shop):
    """More items than a page holds: each exactly once, in order."""
    shop.submit(*(f"D-{number}" for number in range(1_203)))
    assert [item.spec.number for item in each_item(shop.board, shop.batch_id)] == [*range(1_203)]
    shop.finish(700)
    done = each_item(shop.board, shop.batch_id, ItemState.DONE)
    assert [item.spec.number for item in done] == [700]


def test_an_unknown_batch_is_an_error_never_an_empty_file(shop):
    """The library raises; the command says so with exit status 2."""
    with pytest.raises(BatchUnknown):
        write_results(shop.board, shop.store, "nobody")
    done = restyle("results", "nobody", "--json")
    assert done.exit_code == 2
    assert json.loads(done.stdout)["error"]["code"] == "batch_unknown"


def test_results_can_be_printed_and_written(shop, tmp_path):
    """Standard output by default, `--format csv`, `--json` for machines, `--output` for files."""
    shop.submit("A", "B")
    shop.finish(0)
    lines = restyle("results", shop.batch_id, "--json").stdout.splitlines()
    assert [json.loads(line)["state"] for line in lines] == ["done", "queued"]
    table = restyle("results", shop.batch_id, "--format", "csv").stdout
    assert table.splitlines()[0].startswith("external_id,source,state,variant_1,variant_2,mask")
    path = tmp_path / "results.csv"
    done = restyle("results", shop.batch_id, "--format", "csv", "--output", str(path), "--json")
    assert json.loads(done.stdout) == {"output": str(path), "items": 2}
    assert path.read_bytes().decode() == table.replace("\n", "\r\n").replace("\r\r", "\r")


@pytest.mark.parametrize(
    ("output", "told"),
    [("{folder}/new/results.csv", "there is no folder"), ("s3://shop/results.csv", "on this disk")],
)
def test_results_are_written_to_no_place_that_is_not_there(shop, tmp_path, output, told):
    """A mistyped folder and an address are one sentence, and nothing is made of them."""
    shop.submit("A")
    done = restyle("results", shop.batch_id, "--output", output.format(folder=tmp_path), "--json")
    assert done.exit_code == 2
    error = json.loads(done.stdout)["error"]
    assert error["code"] == "file_unwritable"
    assert told in error["message"]
    assert not (tmp_path / "new").exists()


def test_a_missing_bucket_is_named(shop):
    """Results cannot be written; nothing is lost, and the error says where."""
    shop.submit("A", output="s3://no-such-bucket-here/out/")
    with pytest.raises(BucketMissing, match="no-such-bucket-here"):
        write_results(shop.board, shop.store, shop.batch_id)


# --- watch -----------------------------------------------------------------------------------


def test_watch_ends_when_no_item_is_open(shop):
    """Exit status 0 if all is done; one JSON object per change, the last one with nothing open."""
    shop.submit("A")
    shop.finish(0)
    done = restyle("watch", shop.batch_id, "--json")
    last = json.loads(done.stdout.splitlines()[-1])
    assert (done.exit_code, last["open"], last["counts"]) == (0, 0, {"done": 1})


def test_watch_tells_by_its_exit_status_that_items_failed(shop):
    """1: the command worked, items failed."""
    shop.submit("A", "B")
    shop.finish(0)
    shop.finish(1, MASK_EMPTY)
    done = restyle("watch", shop.batch_id)
    assert done.exit_code == 1
    assert "1 done  1 failed  of 2" in done.stdout


def test_watch_leaves_after_its_timeout(shop):
    """An open batch is no success, and the batch goes on."""
    shop.submit("A")
    done = restyle("watch", shop.batch_id, "--timeout", "0.2", "--interval", "0.05")
    assert done.exit_code == 1
    assert "the batch goes on" in done.stderr
    assert shop.board.status(shop.batch_id).open == 1


def test_a_batch_without_workers_is_promised_no_time(shop):
    """Whoever is at work says so every ten seconds; with nobody there no rate is told either."""
    shop.submit("A", "B", "C")
    shop.finish(0)
    views = watch(shop.board, shop.batch_id, interval_seconds=0.05, patience_seconds=0.2)
    view = next(view for view in views if view.idle)
    assert (view.progress.rate_per_minute, view.progress.seconds_left) == (None, None)
    assert "No worker seems to be at work" in plain_line(view)
    assert facts(view)["idle"]
    shop.board.report_worker("tester", {})
    assert not next(views).idle
    shop.board.forget_worker("tester")
    assert next(views).idle
    shop.board.pause(shop.batch_id)
    assert not next(views).idle


def test_a_batch_whose_workers_lost_s3_says_so(shop):
    """All that are there wait: what for is told, and no time; one that does not wait is enough."""
    shop.submit("A")
    lost = {"lost_services": {"S3": "S3 did not serve s3://shop/a.jpg."}}
    shop.board.report_worker("first", lost)
    views = watch(shop.board, shop.batch_id, interval_seconds=0.05, patience_seconds=0.2)
    view = next(view for view in views if view.lost)
    assert "go on by themselves: S3 did not serve s3://shop/a.jpg." in plain_line(view)
    assert (facts(view)["lost"], view.progress.seconds_left) == (view.lost, None)
    shop.board.report_worker("second", {})
    assert next(views).lost == ""


def test_failures_that_come_at_once_are_no_pace(shop):
    """Nineteen refusals in a moment say nothing of how fast pictures are painted."""
    shop.submit("A", "B", "C")
    views = watch(shop.board, shop.batch_id, interval_seconds=0.05)
    next(views)
    shop.finish(0, MASK_EMPTY)
    assert next(views).progress.rate_per_minute is None
    shop.finish(1)
    assert next(views).progress.rate_per_minute is not None


def test_watching_an_unknown_batch_is_an_error_never_done(shop):
    """Exit status 2 and the code."""
    done = restyle("watch", "nobody", "--json")
    assert done.exit_code == 2
    assert json.loads(done.stdout)["error"]["code"] == "batch_unknown"


def test_watch_outlives_a_redis_that_goes_away(shop, tmp_path, monkeypatch):
    """A lost board is a trouble of the view; the counts stay, and the watch goes on after it."""
    port = services.free_port()
    with services.redis_server(tmp_path / "redis", port=port) as server:
        monkeypatch.setenv("RESTYLE_REDIS_URL", server.url)
        shop.board = StatusBoard.connect(load_settings())
        shop.submit("A")
        views = watch(shop.board, shop.batch_id, interval_seconds=0.05)
        assert next(views).trouble is None
    view = next(view for view in views if view.trouble)
    assert view.progress.count(ItemState.QUEUED) == 1
    with services.redis_server(tmp_path / "redis", port=port):
        assert next(view for view in views if not view.trouble).status.open == 1
        shop.finish(0)
        assert list(views)[-1].progress.succeeded
    shop.board.close()


def test_a_watch_whose_time_ends_while_redis_is_away_says_that(shop, tmp_path, monkeypatch):
    """The last word is the trouble, not the old counts."""
    with services.redis_server(tmp_path / "redis") as server:
        monkeypatch.setenv("RESTYLE_REDIS_URL", server.url)
        shop.board = StatusBoard.connect(load_settings())
        shop.submit("A")
        views = watch(shop.board, shop.batch_id, interval_seconds=0.05, timeout_seconds=1.0)
        next(views)
    with pytest.raises(RedisUnreachable):
        list(views)
    shop.board.close()


# --- sheet -----------------------------------------------------------------------------------


def test_a_sheet_shows_results_and_failures(shop, tmp_path):
    """Source, mask and each variant of the done item; the reason of the failed one."""
    shop.submit("DRESS-1", "DRESS-2")
    shop.put_pictures(0)
    shop.finish(0)
    shop.finish(1, MASK_EMPTY)
    done = restyle("sheet", shop.batch_id, "--output", str(tmp_path), "--json")
    assert done.exit_code == 0, done.output
    files = json.loads(done.stdout)["files"]
    assert files == [str(tmp_path / f"{shop.batch_id}-sheet{end}") for end in (".png", ".html")]
    page = (tmp_path / f"{shop.batch_id}-sheet.html").read_text()
    assert page.count("data:image/jpeg;base64,") == 4
    for words in ("DRESS-1", "DRESS-2", "mask_empty", "Supply a mask.", "1 restyled", "1 failed"):
        assert words in page
    with Image.open(files[0]) as poster:
        assert poster.width > 600


def test_a_missing_picture_costs_its_frame_only(shop, tmp_path):
    """A result that somebody deleted is said in its place; the others are shown."""
    shop.submit("DRESS-1")
    shop.put_pictures(0)
    shop.finish(0)
    shop.store.delete(S3Address.parse(shop.result(0).variants[1]))
    done = restyle("sheet", shop.batch_id, "--output", str(tmp_path / "look"))
    assert done.exit_code == 0, done.output
    page = (tmp_path / "look.html").read_text()
    assert page.count("data:image/jpeg;base64,") == 3
    assert "There is no object" in page


def test_a_sheet_of_a_batch_without_results_says_so(shop):
    """Nothing is final yet: `results_missing`, and what to do."""
    shop.submit("DRESS-1")
    done = restyle("sheet", shop.batch_id, "--json")
    assert done.exit_code == 2
    assert json.loads(done.stdout)["error"]["code"] == "results_missing"


def test_a_sheet_without_storage_is_an_error_not_an_empty_sheet(shop, tmp_path, monkeypatch):
    """Without credentials no picture could be shown: no file appears."""
    shop.submit("DRESS-1")
    shop.finish(0)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    done = restyle("sheet", shop.batch_id, "--output", str(tmp_path), "--json")
    assert json.loads(done.stdout)["error"]["code"] == "credentials_missing"
    assert not list(tmp_path.glob("*sheet*"))


def test_limit_and_state_choose_what_is_shown(shop, tmp_path):
    """At most so many of each state; the sheet says how many it leaves out."""
    shop.submit("DRESS-1", "DRESS-2", "DRESS-3")
    for number in range(2):
        shop.put_pictures(number)
        shop.finish(number)
    shop.finish(2, MASK_EMPTY)
    common = ("sheet", shop.batch_id, "--output", str(tmp_path / "look"))
    assert restyle(*common, "--limit", "1", "--state", "done").exit_code == 0
    page = (tmp_path / "look.html").read_text()
    assert "DRESS-1" in page
    assert "DRESS-2" not in page
    assert "DRESS-3" not in page
    assert "1 more item" in page
