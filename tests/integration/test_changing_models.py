"""A model's directory that changes under a running worker: no item is painted by another model."""

import shutil
import time

import numpy as np
import pytest

from shared.errors import ModelChanged
from shared.jobs import ResolvedModel
from shared.references import tree_digest
from shared.s3 import ObjectStore
from shared.states import ItemState
from tests.tiny_models import build_painter
from worker.inpaint.protocol import InpaintRequest
from worker.models.fetch import ModelStore
from worker.models.load import load_painter
from worker.models.resident import ResidentModels

OWNER = "test/cpu/0"
LIMIT_SECONDS = 30
WEIGHTS = "unet/diffusion_pytorch_model.safetensors"


@pytest.fixture
def directory(tmp_path, tiny_painter):
    """A model directory of this test's own."""
    return shutil.copytree(tiny_painter, tmp_path / "model")


@pytest.fixture
def other(tmp_path):
    """Weights of another seed, in the same layout."""
    return build_painter(tmp_path / "other", seed=5)


def _resolved(directory):
    return ResolvedModel(reference=str(directory), kind="directory", digest=tree_digest(directory))


def _replace(directory, other):
    shutil.rmtree(directory)
    shutil.copytree(other, directory)


def _picture(board, bucket, batch_id):
    item = board.item(batch_id, 0)
    assert item.state is ItemState.DONE, item.failure
    path = bucket / item.result.variants[0].split("/", 3)[3]
    content = path.read_bytes()
    path.unlink()
    return content


def _request(directory, digest="", **fields):
    blank = np.full((64, 64, 3), 128, np.uint8)
    mask = np.full((64, 64), 255, np.uint8)
    return InpaintRequest(
        model=str(directory),
        digest=digest,
        picture=blank,
        mask=mask,
        prompt="red",
        steps=1,
        **fields,
    )


def test_an_item_is_painted_by_its_own_model_or_not_at_all(
    directory, other, board, bucket, photo, place, new_process
):
    """A is loaded, B lies there now: soon A's items fail; B's are painted as by a new worker."""
    old, process = _resolved(directory), new_process()
    process.seat.take(place("before", model=old), OWNER)
    painted_by_a = _picture(board, bucket, "before")
    _replace(directory, other)
    new = _resolved(directory)
    assert new.digest != old.digest
    _take_until_one_fails(process, board, bucket, place, model=old, picture=painted_by_a)
    process.seat.take(place("after", model=new), OWNER)
    painted_by_b = _picture(board, bucket, "after")
    assert painted_by_b != painted_by_a
    new_process().seat.take(place("fresh", model=new), OWNER)
    assert _picture(board, bucket, "fresh") == painted_by_b


def _take_until_one_fails(process, board, bucket, place, *, model, picture):
    """A look at the files counts for a moment; until the next one all are painted as before."""
    deadline, number = time.monotonic() + LIMIT_SECONDS, 0
    while time.monotonic() < deadline:
        process.seat.take(place(f"late{number}", model=model), OWNER)
        failure = board.item(f"late{number}", 0).failure
        if failure:
            assert failure.code == "model_changed"
            return
        assert _picture(board, bucket, f"late{number}") == picture
        number += 1
    pytest.fail("the change was never noticed")


def test_a_change_between_fetch_and_load_is_noticed(s3_environment, directory, other, tmp_path):
    """What was fetched as A and is B by the time it is loaded is painted with by nobody."""
    store = ModelStore(ObjectStore.connect(), tmp_path / "cache", max_bytes=1_000)
    models, model = ResidentModels("cpu", verify=store.verify), _resolved(directory)
    request = _request(store.fetch(model), model.digest)
    shutil.copy(other / WEIGHTS, directory / WEIGHTS)
    for _ in range(2):
        with pytest.raises(ModelChanged):
            models.run(request.group, [request])
    _replace(directory, other)
    new = _resolved(directory)
    request = _request(store.fetch(new), new.digest)
    assert models.run(request.group, [request])[0].shape == (64, 64, 3)


def test_a_loaded_model_does_not_change_with_its_files(directory):
    """Weights written over in place, and cut short: what is loaded paints on as before."""
    painter, request = load_painter(directory, "cpu"), _request(directory)
    (before,) = painter.paint([request])
    for path in directory.rglob("*.safetensors"):
        with path.open("r+b") as file:
            file.seek(path.stat().st_size // 2)
            file.write(bytes(path.stat().st_size // 2))
            file.truncate(1_000)
    (after,) = painter.paint([request])
    assert np.array_equal(before, after)
