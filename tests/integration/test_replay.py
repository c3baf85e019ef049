"""A result rendered among batch mates and replayed alone: real board, S3 and demo models."""

import io
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from infra.demo.catalogue import draw
from producer.cli import app
from producer.likeness import Verdict
from producer.replay import Wish, replay
from producer.tolerance import TOLERANCE_LEVELS
from shared.board import StatusBoard
from shared.errors import NothingToReplay, ObjectMissing, SourceChanged
from shared.jobs import Batch, Failure, ItemSpec, Message
from shared.keys import S3Address
from shared.references import resolve
from shared.s3 import ObjectStore
from shared.settings import load_settings
from shared.sidecars import Sidecar, dump_sidecar, parse_sidecar
from shared.states import ItemState
from shared.styles import parse_style
from tests.installation import DEMO_MODELS
from tests.sidecars import sidecar_of
from worker.bootstrap import build
from worker.devices import Device

pytestmark = pytest.mark.usefixtures("restyle_environment")

OWNER = "test/cpu/0"
MAX_PIXELS = 1_000_000


class Shop:
    """Drawings in a bucket, a board, and workers in this process."""

    def __init__(self, bucket, monkeypatch) -> None:
        self.bucket = bucket
        self.prefix = f"s3://{bucket.name}/"
        self.board = StatusBoard.connect(load_settings())
        self.store = ObjectStore.connect()
        self._monkeypatch = monkeypatch

    @contextmanager
    def worker(self, *, max_batch: int):
        """A worker process's parts whose calls wait until they are full."""
        self._monkeypatch.setenv("RESTYLE_MAX_BATCH", str(max_batch))
        self._monkeypatch.setenv("RESTYLE_BATCH_WAIT_SECONDS", "10")
        made = build(Device("cpu"), OWNER, load_settings())
        made.start()
        try:
            yield made
        finally:
            made.close()

    def submit(self, count: int, *, masks: bool = False) -> Batch:
        """A batch of so many drawings on the board."""
        specs = [self._draw(number, masks=masks) for number in range(count)]
        fields = {"mask": "the dress", "paint": "a red dress", "working_size": 128, "steps": 6}
        fields |= {name: f"{DEMO_MODELS}/{folder}" for name, folder in MODELS.items()}
        style = parse_style(fields | {"seed": 3}, where="test")
        batch = Batch(
            batch_id="summer",
            submitted_at=datetime.now(UTC),
            output=f"{self.prefix}out/",
            style=style,
            models={name: resolve(name) for name in (style.segmenter, style.painter)},
            total=count,
            manifest_digest="0" * 64,
        )
        self.board.open_batch(batch)
        self.board.add_items("summer", specs)
        self.board.seal_batch("summer")
        return batch

    def _draw(self, number: int, *, masks: bool) -> ItemSpec:
        drawing = draw(70_000 + number, (240, 320))
        (self.bucket / f"{number}.png").write_bytes(_png(drawing.image))
        if masks:
            mask = np.zeros((320, 240), np.uint8)
            mask[100:200, 80 : 160 + number] = 255
            (self.bucket / f"{number}.mask.png").write_bytes(_png(Image.fromarray(mask)))
        garment = drawing.garments[0].kind
        return ItemSpec(
            number=number,
            external_id=f"SKU-{number}",
            source=f"{self.prefix}{number}.png",
            mask=f"{self.prefix}{number}.mask.png" if masks else None,
            overrides={"mask_prompt": [f"the {garment}"], "prompt": f"a red {garment}"},
        )

    def render(self, count: int, **fields) -> list[str]:
        """Render so many drawings in calls of all of them; returns their sidecars' addresses."""
        self.submit(count, **fields)
        with self.worker(max_batch=count) as worker, ThreadPoolExecutor(count) as threads:
            messages = [Message(batch_id="summer", number=number) for number in range(count)]
            list(threads.map(lambda message: worker.seat.take(message, OWNER), messages))
        items = self.board.items("summer")
        assert [item.state for item in items] == [ItemState.DONE] * count, items[0].failure
        return [item.result.sidecar for item in items]

    def replay(self, sidecar: str, worker=None, **wish):
        """Replay with a worker that takes the item as soon as it is placed."""
        wish = Wish(sidecar=sidecar, max_pixels=MAX_PIXELS, timeout_seconds=30, **wish)

        def dispatch() -> None:
            (newest,) = self.board.batches(1)
            worker.seat.take(Message(batch_id=newest.batch.batch_id, number=0), OWNER)

        return replay(wish, self.board, self.store, dispatch=dispatch)

    def path(self, address: str):
        """The file of an object."""
        return self.bucket / address.removeprefix(self.prefix)

    def sidecar(self, address: str) -> Sidecar:
        """A stored sidecar."""
        return parse_sidecar(self.path(address).read_bytes(), where=address)

    @property
    def replayed(self) -> list[str]:
        """Objects of replays."""
        return [str(path) for path in self.bucket.glob("out/_replays/**/*") if path.is_file()]


MODELS = {"segmenter": "clipseg", "painter": "inpaint"}


def _png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def shop(bucket, monkeypatch):
    """The shop of this test."""
    made = Shop(bucket, monkeypatch)
    yield made
    made.board.close()


def restyle(*arguments: str):
    """Run the command in this process."""
    return CliRunner().invoke(app, list(arguments))


@pytest.mark.parametrize("count", [2, pytest.param(8, marks=pytest.mark.slow)])
def test_a_result_is_the_same_whatever_its_batch_mates(shop, count):
    """Rendered among mates and replayed alone: equal within the stated tolerance, mask included."""
    address = shop.render(count)[0]
    then = shop.sidecar(address)
    assert then.mask.call.batch_mates == count - 1
    assert [one.batch_mates for one in then.variants] == [count - 1]
    with shop.worker(max_batch=1) as alone:
        told = shop.replay(address, alone).outcome
    assert told.now.variants[0].batch_mates == 0
    assert told.variants[0].likeness.largest <= TOLERANCE_LEVELS
    assert told.mask.likeness.verdict is Verdict.EQUAL
    assert told.verdict in {Verdict.EQUAL, Verdict.WITHIN}
    assert told.changes == {}
    assert all(part.intact for part in told.parts)


def test_a_replay_renders_what_the_item_asked_for(shop):
    """Row's words, supplied mask, seed, models: the fingerprint is the same, the batch its own."""
    address = shop.render(2, masks=True)[1]
    with shop.worker(max_batch=1) as alone:
        done = shop.replay(address, alone, keep=True)
    told = done.outcome
    assert told.now.fingerprint == told.then.fingerprint
    assert told.now.style.digest == told.then.style.digest
    assert told.now.models == told.then.models
    assert told.now.mask.supplied == told.then.mask.supplied
    assert [one.seed for one in told.now.variants] == [one.seed for one in told.then.variants]
    assert told.now.batch_id == done.batch_id
    assert done.output == f"{shop.prefix}out/_replays/{done.batch_id}/"
    assert shop.path(told.now.variants[0].address).is_file()
    assert shop.board.status(done.batch_id).batch.lane == "urgent"


def test_a_replay_removes_what_it_made_and_leaves_nothing_to_a_steward(shop):
    """No object stays under its prefix, the stored result is untouched, the batch has ended."""
    (address,) = shop.render(1)
    stored = shop.path(shop.sidecar(address).variants[0].address).read_bytes()
    with shop.worker(max_batch=1) as worker:
        done = shop.replay(address, worker)
    assert shop.replayed == []
    assert done.batch_id not in shop.board.unended()
    assert shop.path(shop.sidecar(address).variants[0].address).read_bytes() == stored


def test_a_tampered_result_is_different(shop):
    """One changed patch of a stored picture: by how much, and that it is another file."""
    (address,) = shop.render(1)
    path = shop.path(shop.sidecar(address).variants[0].address)
    pixels = np.asarray(Image.open(path)).copy()
    pixels[150:170, 100:120] ^= 0x80
    path.write_bytes(_png(Image.fromarray(pixels)))
    with shop.worker(max_batch=1) as worker:
        told = shop.replay(address, worker).outcome
    assert told.verdict is Verdict.DIFFERENT
    assert told.variants[0].likeness.largest >= 126
    assert told.variants[0].likeness.over == pytest.approx(400 / (240 * 320), abs=1e-6)
    assert [part.intact for part in told.parts] == [False, True]


@pytest.mark.parametrize("replaced", ["0.png", "0.mask.png"])
def test_a_replaced_source_or_mask_is_refused_before_anything_is_placed(shop, replaced):
    """What was rendered is not there any more: `source_changed`, and no batch."""
    (address,) = shop.render(1, masks=True)
    with (shop.bucket / replaced).open("ab") as file:
        file.write(b"\0")
    with pytest.raises(SourceChanged, match=replaced):
        shop.replay(address)
    assert [one.batch.batch_id for one in shop.board.batches()] == ["summer"]


def test_a_result_whose_picture_is_gone_cannot_be_compared(shop):
    """Found out before a worker renders in vain."""
    (address,) = shop.render(1)
    shop.path(shop.sidecar(address).variants[0].address).unlink()
    with pytest.raises(ObjectMissing, match="v1"):
        shop.replay(address)


def test_a_replay_that_fails_reports_the_failure_as_it_stands(shop):
    """A model that changed since then: the item's own failure, and nothing stays behind."""
    (address,) = shop.render(1)
    sidecar = shop.sidecar(address)
    painter = sidecar.models.painter.model_copy(update={"digest": "f" * 64})
    models = sidecar.models.model_copy(update={"painter": painter})
    shop.path(address).write_bytes(dump_sidecar(sidecar.model_copy(update={"models": models})))
    with shop.worker(max_batch=1) as worker:
        done = shop.replay(address, worker)
    assert isinstance(done.outcome, Failure)
    assert done.outcome.code == "model_changed"
    assert shop.replayed == []


def test_a_failed_item_has_nothing_to_replay(shop):
    """The sidecar of a failure is told apart, with the code of what failed."""
    shop.submit(1)
    (shop.bucket / "0.png").unlink()
    with shop.worker(max_batch=1) as worker:
        worker.seat.take(Message(batch_id="summer", number=0), OWNER)
    with pytest.raises(NothingToReplay, match="object_missing"):
        shop.replay(shop.board.item("summer", 0).failure.sidecar)


# --- the command -----------------------------------------------------------------------------


@pytest.fixture
def stored(shop, tmp_path):
    """A local sidecar whose source and results lie in the bucket."""
    made = sidecar_of(shop.bucket.name)
    (shop.bucket / "in").mkdir()
    (shop.bucket / "out").mkdir()
    for file in (made.source, made.mask, *made.variants):
        shop.path(file.address).write_bytes(b"some bytes")
    etag = shop.store.head(S3Address.parse(made.source.address)).etag
    source = made.source.model_copy(update={"etag": etag})
    path = tmp_path / "sidecar.json"
    path.write_bytes(dump_sidecar(made.model_copy(update={"source": source})))
    return path


def test_without_a_worker_a_replay_gives_up_and_cancels_itself(shop, stored):
    """Exit status 1 and what to do; no item of it is left to be rendered, no object stays."""
    done = restyle("replay", str(stored), "--timeout", "0.3", "--json")
    assert done.exit_code == 1
    error = json.loads(done.stdout)["error"]
    assert error["code"] == "replay_unfinished"
    assert "no worker has taken its item" in error["message"]
    assert "restyle-worker" in error["hint"]
    (batch,) = shop.board.batches()
    assert (batch.cancelled, batch.open, shop.replayed) == (True, 0, [])


@pytest.mark.parametrize("body", [None, b"{}", b" " * 1_000_001], ids=["none", "foreign", "huge"])
def test_a_file_that_is_no_sidecar_is_wrong_input(shop, tmp_path, body):
    """Missing, foreign or huge: exit status 2 and one sentence with the file's name."""
    path = tmp_path / "sidecar.json"
    if body is not None:
        path.write_bytes(body)
    done = restyle("replay", str(path), "--json")
    assert done.exit_code == 2
    error = json.loads(done.stdout)["error"]
    assert error["code"] == "sidecar_invalid"
    assert str(path) in error["message"]


def test_a_sidecar_that_is_not_there_is_named(shop):
    """An s3:// address leads to S3."""
    done = restyle("replay", f"{shop.prefix}out/none.json", "--json")
    assert (done.exit_code, json.loads(done.stdout)["error"]["code"]) == (2, "object_missing")
