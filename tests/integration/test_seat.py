"""One item's way in one process: real board, real S3, a real (untrained) tiny painter."""

import hashlib
from importlib.metadata import version

import numpy as np
import pytest
from PIL import Image

from shared.sidecars import dump_sidecar, parse_sidecar
from shared.states import ItemState
from tests.pictures import file_of

OWNER = "test/cpu/0"


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
    (bucket / "photo.png").write_bytes(file_of(Image.fromarray(pixels), "PNG"))
    (bucket / "mask.png").write_bytes(file_of(Image.fromarray(mask), "PNG"))
    process.seat.take(place(variants=2), OWNER)
    result = board.item("b", 0).result
    for address in result.variants:
        painted = np.asarray(Image.open(bucket / address.split("/", 3)[3]))
        assert np.array_equal(painted[mask == 0], pixels[mask == 0])
        changed = (painted != pixels).any(axis=2)[mask > 0]
        assert changed.mean() > 0.9
    sidecar = parse_sidecar(_read(bucket, result.sidecar), where="test")
    places = [(crop.left, crop.top, crop.side) for crop in sidecar.crops]
    assert places == [(10, 10, 60), (570, 10, 60)]
    assert [len(variant.squares) for variant in sidecar.variants] == [2, 2]


@pytest.mark.parametrize("shape", [(80, 640), (640, 80)])
def test_a_garment_along_the_longest_picture_is_painted(process, board, bucket, place, shape):
    """At 8 to 1 its one square sticks far out; the result has the picture's size and its pixels."""
    pixels = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
    mask = np.zeros(shape, dtype=np.uint8)
    mask[tuple(slice(length // 10, length - length // 10) for length in shape)] = 255
    (bucket / "photo.png").write_bytes(file_of(Image.fromarray(pixels), "PNG"))
    (bucket / "mask.png").write_bytes(file_of(Image.fromarray(mask), "PNG"))
    process.seat.take(place(mask_max_area=1), OWNER)
    item = board.item("b", 0)
    assert item.state is ItemState.DONE, item.failure
    painted = np.asarray(Image.open(bucket / item.result.variants[0].split("/", 3)[3]))
    assert painted.shape == pixels.shape
    assert np.array_equal(painted[mask == 0], pixels[mask == 0])
    assert (painted != pixels).any(axis=2)[mask > 0].mean() > 0.9
    (crop,) = parse_sidecar(_read(bucket, item.result.sidecar), where="test").crops
    assert crop.side > 7 * min(shape)


def _read(bucket, address):
    return (bucket / address.split("/", 3)[3]).read_bytes()


def _sha256(body):
    return hashlib.sha256(body).hexdigest()


def test_the_sidecar_holds_all_that_decided_the_pixels(process, board, bucket, photo, place):
    """Every file named in it has the digest and size that it says; seeds and models are there."""
    process.seat.take(place(variants=2), OWNER)
    item = board.item("b", 0)
    sidecar = parse_sidecar(_read(bucket, item.result.sidecar), where="test")
    assert sidecar.fingerprint == item.result.fingerprint
    assert tuple(one.address for one in sidecar.variants) == item.result.variants
    assert len({variant.seed for variant in sidecar.variants}) == 2
    for file in (*sidecar.variants, sidecar.mask, sidecar.source):
        assert file.sha256 == _sha256(_read(bucket, file.address))
    assert (sidecar.source.etag, sidecar.source.size) == (item.spec.etag, item.spec.size)
    assert sidecar.mask.supplied_etag == hashlib.md5(_read(bucket, item.spec.mask)).hexdigest()
    assert sidecar.models.painter == board.status("b").batch.models[sidecar.style.painter]
    assert sidecar.style.digest == sidecar.style_digest


def test_the_sidecar_tells_the_solver_and_the_steps(process, board, bucket, photo, place):
    """What a style's speed made of its wishes is what the painter was asked for."""
    process.seat.take(place(steps=20, speed="fewer_steps"), OWNER)
    sidecar = parse_sidecar(_read(bucket, board.item("b", 0).result.sidecar), where="test")
    assert (sidecar.style.scheduler, sidecar.style.steps) == ("euler", 20)
    assert (sidecar.sampling.scheduler, sidecar.sampling.steps) == ("dpmsolver++", 10)


def test_the_sidecar_tells_who_rendered_and_how(process, board, bucket, photo, place):
    """Owner, try, device, precision, libraries, batch mates and the time of every stage."""
    process.seat.take(place(variants=3), OWNER)
    body = _read(bucket, board.item("b", 0).result.sidecar)
    sidecar = parse_sidecar(body, where="test")
    assert (sidecar.worker.owner, sidecar.worker.deliveries, sidecar.worker.retries) == (
        OWNER,
        1,
        0,
    )
    assert (sidecar.device.name, sidecar.device.precision) == ("cpu", "float32")
    assert sidecar.renderer.libraries["torch"] == version("torch")
    assert "not installed" not in sidecar.renderer.libraries.values()
    assert [variant.batch_mates for variant in sidecar.variants] == [2, 2, 2]
    assert sidecar.mask.call is None
    stages = ["fetch", "wait", "decode", "mask", "inpaint", "composite", "encode", "upload"]
    assert list(sidecar.timings_seconds) == stages
    assert sidecar.variants[0].squares[0].call.seconds <= sidecar.timings_seconds["inpaint"]
    assert dump_sidecar(sidecar) == body


def test_the_sidecar_of_a_failure_reads_back_too(process, board, bucket, photo, place):
    """What failed and why, in the board's own words."""
    process.seat.take(place(digest="f" * 64), OWNER)
    failure = board.item("b", 0).failure
    sidecar = parse_sidecar(_read(bucket, failure.sidecar), where="test")
    assert sidecar.error == failure.model_copy(update={"sidecar": None})
    assert (sidecar.external_id, sidecar.worker.owner) == ("sku", OWNER)


def test_the_sidecar_says_what_of_a_prompt_is_not_read(process, board, bucket, photo, place):
    """The tiny tokenizer has a token for each letter; of the mask's prompts none was read."""
    process.seat.take(place(mask="x" * 100, paint="a " * 75 + "silk dress"), OWNER)
    result = board.item("b", 0).result
    (note,) = parse_sidecar(_read(bucket, result.sidecar), where="test").notes
    assert note == 'the painter reads 77 tokens of the prompt; cut: "silk dress"'


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
