"""One item's way in one process: real board, real S3, a real (untrained) tiny painter."""

import io
import json
from datetime import UTC, datetime

import numpy as np
import pytest
from PIL import Image

from infra.demo.services import free_port
from shared.board import StatusBoard
from shared.jobs import Batch, ItemSpec, Message, ResolvedModel
from shared.references import tree_digest
from shared.settings import load_settings
from shared.states import ItemState
from shared.styles import parse_style
from worker.bootstrap import build
from worker.devices import Device

OWNER = "test/cpu/0"


@pytest.fixture
def board(restyle_environment):
    """The board of this test's namespace."""
    made = StatusBoard.connect(load_settings())
    yield made
    made.close()


@pytest.fixture
def process(restyle_environment):
    """A worker process's parts, in this process."""
    made = build(Device("cpu"), OWNER, load_settings())
    made.start()
    yield made
    made.close()


@pytest.fixture
def photo(bucket):
    """A picture and its mask in the bucket."""
    pixels = np.random.default_rng(1).integers(0, 256, (150, 100, 3), dtype=np.uint8)
    mask = np.zeros((150, 100), dtype=np.uint8)
    mask[60:100, 30:70] = 255
    (bucket / "photo.png").write_bytes(_png(pixels))
    (bucket / "mask.png").write_bytes(_png(mask))
    return pixels, mask


def _png(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def place(board, bucket, tiny_painter):
    """Put a one-item batch on the board; returns the item's message."""

    def _place(batch_id="b", *, digest=None, etag=None, **style):
        fields = {"mask": "the dress", "paint": "a red dress", "working_size": 64, "steps": 2}
        fields |= {"painter": str(tiny_painter), **style}
        reference = str(tiny_painter)
        model = ResolvedModel(
            reference=reference, kind="directory", digest=digest or tree_digest(tiny_painter)
        )
        batch = Batch(
            batch_id=batch_id,
            submitted_at=datetime.now(UTC),
            output=f"s3://{bucket.name}/out/",
            style=parse_style(fields, where="test"),
            models={reference: model},
            total=1,
            manifest_digest="0" * 64,
        )
        address = f"s3://{bucket.name}/"
        spec = ItemSpec(
            number=0,
            external_id="sku",
            source=address + "photo.png",
            mask=address + "mask.png",
            etag=etag,
            size=etag and 1,
        )
        board.open_batch(batch)
        board.add_items(batch_id, [spec])
        board.seal_batch(batch_id)
        return Message(batch_id=batch_id, number=0)

    return _place


def test_outside_the_supplied_mask_every_pixel_is_the_sources(process, board, bucket, photo, place):
    """The uploaded PNG differs from the source inside the supplied mask only."""
    process.seat.take(place(), OWNER)
    item = board.item("b", 0)
    assert item.state is ItemState.DONE, item.failure
    pixels, mask = photo
    painted = np.asarray(Image.open(bucket / item.result.variants[0].split("/", 3)[3]))
    assert np.array_equal(painted[mask == 0], pixels[mask == 0])
    assert not np.array_equal(painted, pixels)


def test_garments_far_apart_are_painted_in_squares_of_their_own(process, board, bucket, place):
    """At 8 to 1 both ends are painted, the middle is kept, and the sidecar lists the squares."""
    pixels = np.random.default_rng(1).integers(0, 256, (80, 640, 3), dtype=np.uint8)
    mask = np.zeros((80, 640), dtype=np.uint8)
    mask[20:60, 20:60] = mask[20:60, 580:620] = 255
    (bucket / "photo.png").write_bytes(_png(pixels))
    (bucket / "mask.png").write_bytes(_png(mask))
    process.seat.take(place(variants=2), OWNER)
    result = board.item("b", 0).result
    for address in result.variants:
        painted = np.asarray(Image.open(bucket / address.split("/", 3)[3]))
        assert np.array_equal(painted[mask == 0], pixels[mask == 0])
        changed = (painted != pixels).any(axis=2)[mask > 0]
        assert changed.mean() > 0.9
    sidecar = json.loads((bucket / result.sidecar.split("/", 3)[3]).read_text())
    assert sidecar["crops"] == [
        {"left": 10, "top": 10, "side": 60},
        {"left": 570, "top": 10, "side": 60},
    ]
    assert [len(variant["drift"]) for variant in sidecar["variants"]] == [2, 2]


def test_the_sidecar_replays_the_item(process, board, bucket, photo, place):
    """It holds source, style, models, seeds, timings and the proof."""
    process.seat.take(place(variants=2), OWNER)
    result = board.item("b", 0).result
    sidecar = json.loads((bucket / result.sidecar.split("/", 3)[3]).read_text())
    assert sidecar["fingerprint"] == result.fingerprint
    assert len({variant["seed"] for variant in sidecar["variants"]}) == 2
    assert [variant["address"] for variant in sidecar["variants"]] == list(result.variants)
    assert {"fetch", "decode", "mask", "inpaint"} <= sidecar["timings_seconds"].keys()
    assert sidecar["source"]["etag"] == board.item("b", 0).spec.etag


def test_equal_inputs_give_equal_pictures_under_equal_keys(process, board, bucket, photo, place):
    """Another batch of the same inputs has the same fingerprint and paints the same bytes."""
    pictures = []
    for batch_id in ("b", "c"):
        process.seat.take(place(batch_id), OWNER)
        result = board.item(batch_id, 0).result
        path = bucket / result.variants[0].split("/", 3)[3]
        pictures.append((path.name, path.read_bytes()))
        path.unlink()
    assert pictures[0] == pictures[1]


def test_a_source_replaced_after_the_first_claim_is_noticed(process, board, bucket, photo, place):
    """The first claim pins the ETag; a later claim refuses another picture under the key."""
    message = place()
    claim = board.claim("b", 0, "somebody", 30)
    board.pin_source(claim, "0" * 32, 4_711)
    board.hand_back(claim)
    process.seat.take(message, OWNER)
    item = board.item("b", 0)
    assert (item.state, item.failure.code) == (ItemState.FAILED, "source_changed")


def test_a_source_replaced_after_its_listing_is_noticed(process, board, bucket, photo, place):
    """What a listing saw at submission counts, not what lies there at the first claim."""
    process.seat.take(place(etag="0" * 32), OWNER)
    assert board.item("b", 0).failure.code == "source_changed"


def test_a_retried_item_leaves_no_word_of_its_failure(process, board, bucket, photo, place):
    """The JSON of an earlier failure is removed when the item is done."""
    message, body = place(), (bucket / "photo.png").read_bytes()
    (bucket / "photo.png").unlink()
    process.seat.take(message, OWNER)
    failure = board.item("b", 0).failure
    assert (failure.code, (bucket / failure.sidecar.split("/", 3)[3]).is_file()) == (
        "object_missing",
        True,
    )
    (bucket / "photo.png").write_bytes(body)
    board.retry("b")
    process.seat.take(message, OWNER)
    assert board.item("b", 0).state is ItemState.DONE
    assert not (bucket / failure.sidecar.split("/", 3)[3]).exists()


def test_a_model_that_changed_since_submission_is_refused(process, board, photo, place):
    """The digest of the batch holds, not what lies in the directory now."""
    process.seat.take(place(digest="f" * 64), OWNER)
    assert board.item("b", 0).failure.code == "model_changed"


@pytest.mark.parametrize(("retries", "state"), [(1, ItemState.QUEUED), (0, ItemState.FAILED)])
def test_a_passing_fault_is_retried_and_then_fails(
    board, photo, place, monkeypatch, retries, state
):
    """S3 away: the item goes back, to be tried later; without tries left it fails by name."""
    message = place()
    monkeypatch.setenv("RESTYLE_MAX_RETRIES", str(retries))
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{free_port()}")
    cut_off = build(Device("cpu"), OWNER, load_settings())
    cut_off.seat.take(message, OWNER)
    item = board.item("b", 0)
    assert item.state is state
    assert item.failure is None or item.failure.code == "storage_unavailable"


def test_an_item_that_is_already_done_is_left_alone(process, board, bucket, photo, place):
    """A doubled message neither renders nor reports again."""
    message = place()
    process.seat.take(message, OWNER)
    fence = board.item("b", 0).fence
    process.seat.take(message, OWNER)
    assert board.item("b", 0).fence == fence


def test_a_draining_process_takes_nothing(process, board, photo, place):
    """While draining, a message goes back and the item stays queued."""
    message = place()
    process.in_hand.draining.set()
    assert process.seat.take(message, OWNER) is False
    assert board.item("b", 0).state is ItemState.QUEUED
