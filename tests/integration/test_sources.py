"""Sources: what is asked for again, what is never fetched, and in how much memory."""

import threading

import numpy as np
import pytest
from PIL import Image

from shared.states import ItemState
from tests.pictures import file_of
from worker.pictures.matrix import adobe_rgb
from worker.pictures.profiles import colour_space

OWNER = "test/cpu/0"


@pytest.mark.parametrize("first", [b"", 2_000])
def test_an_upload_under_way_is_waited_for(process, board, bucket, photo, place, first):
    """An empty or cut file is asked for once more; by then it is whole, and is painted."""
    path = bucket / "photo.png"
    whole = path.read_bytes()
    path.write_bytes(whole[:first] if isinstance(first, int) else first)
    upload = threading.Timer(0.7, path.write_bytes, [whole])
    upload.start()
    process.seat.take(place(), OWNER)
    upload.join()
    item = board.item("b", 0)
    assert item.state is ItemState.DONE, item.failure
    assert item.spec.size == len(whole)


@pytest.mark.parametrize(("length", "code"), [(0, "image_empty"), (2_000, "image_truncated")])
def test_a_file_that_stays_broken_fails_by_its_name(
    process, board, bucket, photo, place, length, code
):
    """Asked for twice, and no more than twice."""
    path = bucket / "photo.png"
    path.write_bytes(path.read_bytes()[:length])
    process.seat.take(place(), OWNER)
    item = board.item("b", 0)
    assert (item.state, item.failure.code) == (ItemState.FAILED, code)
    assert item.retries == 0


def test_too_many_bytes_are_never_fetched(
    restyle_environment, board, bucket, photo, place, monkeypatch, new_process
):
    """The listing's size is enough to refuse it."""
    monkeypatch.setenv("RESTYLE_MAX_IMAGE_BYTES", "1000")
    new_process().seat.take(place(), OWNER)
    failure = board.item("b", 0).failure
    assert (failure.code, failure.details["limit"]) == ("image_too_large", "1,000 bytes")


def test_a_wide_gamut_source_keeps_its_numbers_and_profile(process, board, bucket, photo, place):
    """Outside the mask not one level changes, though the models saw and painted sRGB."""
    pixels, mask = photo
    icc = adobe_rgb()
    (bucket / "photo.png").write_bytes(file_of(Image.fromarray(pixels), "PNG", icc_profile=icc))
    process.seat.take(place(), OWNER)
    item = board.item("b", 0)
    assert item.state is ItemState.DONE, item.failure
    result = Image.open(bucket / item.result.variants[0].split("/", 3)[3])
    assert result.info["icc_profile"] == icc
    assert np.array_equal(np.asarray(result)[mask == 0], pixels[mask == 0])


def test_models_see_the_same_picture_in_whatever_space_it_is_stored(
    process, board, bucket, place, photo
):
    """One scene as sRGB and as Adobe RGB: what is painted is the same colour to a person."""
    _, mask = photo
    adobe = adobe_rgb()
    scene = np.full((150, 100, 3), (190, 110, 90), dtype=np.uint8)
    (bucket / "photo.png").write_bytes(file_of(Image.fromarray(scene), "PNG"))
    process.seat.take(place("plain"), OWNER)
    stored = colour_space(adobe).from_srgb(scene)
    (bucket / "photo.png").write_bytes(file_of(Image.fromarray(stored), "PNG", icc_profile=adobe))
    process.seat.take(place("wide"), OWNER)
    shown = []
    for batch_id in ("plain", "wide"):
        variant = board.item(batch_id, 0).result.variants[0]
        image = Image.open(bucket / variant.split("/", 3)[3])
        shown.append(colour_space(image.info.get("icc_profile")).to_srgb(np.asarray(image)))
    inside = np.abs(shown[0].astype(int) - shown[1])[mask > 0]
    assert inside.mean() < 3
