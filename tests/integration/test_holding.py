"""Masks and results that wait for a person: a real board and S3, and untrained tiny models.

The tiny segmenter masks a scattered four tenths of the picture, which the default gate holds.
"""

import hashlib
import io

import numpy as np
import pytest
from PIL import Image

from producer.likeness import Verdict
from producer.replay import Wish, replay
from shared.jobs import Message
from shared.keys import S3Address
from shared.review import Decision
from shared.sidecars import parse_sidecar
from shared.states import ItemState
from worker.tally import Ending

OWNER = "test/cpu/0"

pytestmark = pytest.mark.usefixtures("photo")

#: Ranges that the tiny segmenter's masks are in.
WIDE = {"gate_pieces": 10_000, "gate_margin": 0, "gate_border": 1}


@pytest.fixture
def found(place, tiny_segmenter):
    """Put an item on the board whose mask is found by text; returns its message."""

    def put(batch_id="b", **style):
        return place(batch_id, finder=tiny_segmenter, mask_growth=0, **style)

    return put


@pytest.fixture
def approved(board, process):
    """Approve the one item of a batch, and paint it."""

    def approve(message):
        decision = Decision(id="yes", action="approve", by="ann")
        assert board.decide(message.batch_id, decision, [0]).moved == 1
        process.seat.take(message, OWNER)

    return approve


def read(bucket, address):
    """An object's bytes."""
    return (bucket / address.split("/", 3)[3]).read_bytes()


def pixels(bucket, address):
    """An object's pixels."""
    return np.asarray(Image.open(io.BytesIO(read(bucket, address))))


def test_a_mask_out_of_range_is_held_and_nothing_is_painted(board, bucket, process, found):
    """The item waits with its score and reasons; what a person needs lies in staging, and fits."""
    process.seat.take(found(), OWNER)
    item = board.item("b", 0)
    held = item.held
    assert (item.state, held.stage) == (ItemState.HELD, "mask")
    assert held.gate.reasons == ("scattered", "at_border")
    assert held.gate.score < 0.5
    assert held.device_seconds > 0
    assert process.look().counts.items == {Ending("held", "mask"): 1}
    files = {path.name.split(".", 2)[2] for path in (bucket / "out" / "_staging").iterdir()}
    assert files == {"mask.png", "map.png", "frozen.png", "thumbs.jpg"}
    assert [path.name for path in (bucket / "out").iterdir()] == ["_staging"]
    assert hashlib.sha256(read(bucket, held.mask.address)).hexdigest() == held.mask.sha256
    alpha = pixels(bucket, held.mask.address)
    hard = pixels(bucket, held.mask.address.replace("frozen", "mask"))
    assert alpha.dtype == np.uint8
    assert np.array_equal(alpha > 0, hard)
    assert hard.mean() == pytest.approx(held.gate.coverage, abs=1e-6)
    assert pixels(bucket, held.map).shape == (64, 43)
    assert pixels(bucket, held.thumbnails).shape == (512, 2 * 341, 3)


def test_a_mask_is_held_because_all_are_or_for_its_size(board, process, found):
    """`hold` holds what is in range too; too large a mask waits and does not fail."""
    for batch_id, style, reasons in (
        ("b", {"gate": "hold"}, ()),
        ("c", {"mask_max_area": 0.05}, ("too_large",)),
    ):
        process.seat.take(found(batch_id, **style, **WIDE), OWNER)
        item = board.item(batch_id, 0)
        assert item.state is ItemState.HELD
        assert item.held.gate.reasons == reasons


def test_without_a_gate_too_large_a_mask_fails_at_once(board, process, found):
    """Nobody would look at it: it must not be painted."""
    process.seat.take(found(gate="off", mask_max_area=0.05), OWNER)
    item = board.item("b", 0)
    assert (item.state, item.failure.code) == (ItemState.FAILED, "mask_too_large")


def test_a_supplied_mask_is_never_held(board, bucket, process, place):
    """`gate: hold` speaks of masks found by text; the result has thumbnails and no map."""
    process.seat.take(place(gate="hold", variants=2), OWNER)
    result = board.item("b", 0).result
    sidecar = parse_sidecar(read(bucket, result.sidecar), where="test")
    assert (result.gate, sidecar.mask.map, sidecar.mask.frozen) == (None, None, None)
    assert sidecar.thumbnails == result.thumbnails
    assert pixels(bucket, result.thumbnails).shape == (512, 4 * 341, 3)


def test_a_mask_in_range_is_painted_and_tells_its_gate(board, bucket, process, found):
    """The result and its sidecar say what was measured; the map lies beside the pictures."""
    process.seat.take(found(**WIDE), OWNER)
    item = board.item("b", 0)
    sidecar = parse_sidecar(read(bucket, item.result.sidecar), where="test")
    assert item.result.gate == sidecar.mask.gate
    assert item.result.gate.reasons == ()
    assert sidecar.mask.area == item.result.gate.coverage
    levels = pixels(bucket, sidecar.mask.map)
    strip = pixels(bucket, item.result.thumbnails)
    assert levels.shape == (64, 43)
    assert strip.shape == (512, 3 * 341, 3)
    mask = pixels(bucket, item.result.mask)
    small = np.asarray(Image.fromarray(mask).resize((341, 512))) > 0
    shown = strip[:, 341 : 2 * 341].mean(axis=2) > 127
    assert (shown == small).mean() > 0.95


def test_an_approved_mask_is_painted_as_if_there_were_no_gate(
    board, bucket, store, process, found, approved
):
    """File by file the same bytes, under the same fingerprint; no segmenter is asked again."""
    process.seat.take(found("c", gate="off", variants=2), OWNER)
    plain = board.item("c", 0).result
    files = [*plain.variants, plain.mask, plain.thumbnails]
    before = [read(bucket, address) for address in files]
    for address in files:
        (bucket / address.split("/", 3)[3]).unlink()
    message = found("b", gate="hold", variants=2)
    process.seat.take(message, OWNER)
    held = board.item("b", 0).held
    approved(message)
    item = board.item("b", 0)
    assert item.state is ItemState.DONE, item.failure
    assert item.result.fingerprint == plain.fingerprint
    assert [read(bucket, address) for address in files] == before
    sidecar = parse_sidecar(read(bucket, item.result.sidecar), where="test")
    assert (sidecar.mask.frozen, sidecar.mask.gate) == (held.mask, held.gate)
    assert sidecar.mask.call is None
    # Its replay paints the same mask again, and nobody is asked.
    wish = Wish(sidecar=item.result.sidecar, max_pixels=1_000_000)

    def dispatch() -> None:
        (newest,) = board.batches(1)
        process.seat.take(Message(batch_id=newest.batch.batch_id, number=0), OWNER)

    told = replay(wish, board, store, dispatch=dispatch).outcome
    assert (told.verdict, told.changes) == (Verdict.EQUAL, {})
    assert told.now.mask.frozen == held.mask


def test_only_the_very_mask_that_was_approved_is_painted(board, bucket, process, found, approved):
    """Gone, or another one now: an error of its own; without its map only the score is lost."""

    def painted(batch_id, damage):
        message = found(batch_id)
        process.seat.take(message, OWNER)
        damage(board.item(batch_id, 0).held)
        approved(message)
        return board.item(batch_id, 0)

    def path(address):
        return bucket / S3Address.parse(address).key

    other = (bucket / "mask.png").read_bytes()
    gone = painted("b", lambda held: path(held.mask.address).unlink())
    replaced = painted("c", lambda held: path(held.mask.address).write_bytes(other))
    for item in (gone, replaced):
        assert (item.state, item.failure.code) == (ItemState.FAILED, "frozen_mask_lost")
    blind = painted("d", lambda held: path(held.map).unlink())
    assert (blind.state, blind.result.gate) == (ItemState.DONE, None)


def test_under_review_a_result_waits_in_staging(board, bucket, process, found):
    """All of it lies under the staging prefix, and nothing where results are published."""
    process.seat.take(found(**WIDE, review="required"), OWNER)
    item = board.item("b", 0)
    assert (item.state, item.held.stage) == (ItemState.HELD, "result")
    result = item.held.result
    staging = f"s3://{bucket.name}/out/_staging/"
    files = [*result.variants, result.mask, result.sidecar, result.thumbnails, item.held.map]
    assert all(address.startswith(staging) and read(bucket, address) for address in files)
    assert [path.name for path in (bucket / "out").iterdir()] == ["_staging"]
    assert (item.held.gate, item.held.thumbnails) == (result.gate, result.thumbnails)
    assert process.look().counts.items == {Ending("held", "result"): 1}
