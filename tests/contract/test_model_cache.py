"""The bounded cache of models on a host: what is used longest ago goes, what is in use stays."""

import multiprocessing
import os
import threading
from pathlib import Path

import pytest

from shared.jobs import ResolvedModel
from shared.packing import pack
from shared.s3 import ObjectStore
from tests.archives import write_painter
from worker.models.fetch import ModelStore

LIMIT_SECONDS = 30
#: Of each model's weights; the rest of it is small.
WEIGHTS_BYTES = 3 * 100_000


def models_at(cache: Path, *, room_for: float) -> ModelStore:
    """A process's models, in a cache with room for so many of them."""
    bound = int(room_for * (WEIGHTS_BYTES + 20_000))
    return ModelStore(
        ObjectStore.connect(), cache, max_bytes=10_000_000, cache_bytes=bound, look_seconds=60
    )


@pytest.fixture
def archived(bucket, tmp_path):
    """Put a painter of a mark into S3; returns it resolved."""

    def archived(mark: str) -> ResolvedModel:
        directory = write_painter(tmp_path / mark, mark=mark * 100_000)
        digest = pack(directory, bucket / f"{mark}.tar.gz")
        reference = f"s3://{bucket.name}/{mark}.tar.gz#sha256={digest}"
        return ResolvedModel(reference=reference, kind="archive", digest=digest)

    return archived


def kept(cache: Path, *models: ResolvedModel) -> list[bool]:
    """Which of the models the cache has now."""
    return [(cache / "models" / model.digest).is_dir() for model in models]


def used(models: ModelStore, model: ResolvedModel, cache: Path, age: int) -> None:
    """Use a model, so many seconds ago."""
    with models.using(model) as directory:
        assert (directory / "model_index.json").is_file()
    mark = cache / "models" / f"{model.digest}.use"
    then = mark.stat().st_mtime - age
    os.utime(mark, (then, then))


def test_the_longest_unused_goes_first(archived, tmp_path):
    """Not the oldest: a model that was used again stays."""
    models, cache = models_at(tmp_path, room_for=2), tmp_path
    a, b, c = (archived(mark) for mark in "abc")
    used(models, a, cache, 300)
    used(models, b, cache, 200)
    used(models, a, cache, 100)
    used(models, c, cache, 0)
    assert kept(cache, a, b, c) == [True, False, True]


def test_what_is_in_use_is_never_removed(archived, tmp_path):
    """However full the cache is; once nobody uses it, it goes like any other."""
    models, cache = models_at(tmp_path, room_for=1), tmp_path
    a, b, c = (archived(mark) for mark in "abc")
    with models.using(a) as directory:
        used(models_at(tmp_path, room_for=1), b, cache, 0)
        assert kept(cache, a, b) == [True, True]
        assert (directory / "unet" / "model.safetensors").read_text() == "a" * 100_000
    used(models, c, cache, 0)
    assert kept(cache, a, b, c) == [False, False, True]


def test_what_was_removed_comes_back(archived, tmp_path):
    """Also within the time in which a look at its files counts."""
    models, cache = models_at(tmp_path, room_for=1), tmp_path
    a, b = archived("a"), archived("b")
    used(models, a, cache, 100)
    used(models_at(tmp_path, room_for=1), b, cache, 50)
    assert kept(cache, a, b) == [False, True]
    used(models, a, cache, 0)
    assert kept(cache, a, b) == [True, False]


def test_what_the_dead_left_takes_no_room(archived, tmp_path):
    """Half a download and half a removal go; one that is under way does not."""
    models, a = models_at(tmp_path, room_for=1), archived("a")
    half, gone = (tmp_path / "models" / ("0" * 64 + ending) for ending in (".part", ".gone"))
    for folder in (half, gone):
        folder.mkdir(parents=True)
        (folder / "archive").write_bytes(b"half")
    used(models, a, tmp_path, 0)
    assert not half.exists()
    assert not gone.exists()


def _use_in_turns(cache: Path, models: list[ResolvedModel], gate, answers) -> None:
    """Body of another process: uses one model after the other, each whole while it is used."""
    store, whole = models_at(cache, room_for=1.5), 0
    gate.wait(LIMIT_SECONDS)
    for _ in range(4):
        for model in models:
            with store.using(model) as directory:
                texts = {path.read_text() for path in directory.glob("*/model.safetensors")}
                threading.Event().wait(0.005)
                still = {path.read_text() for path in directory.glob("*/model.safetensors")}
                whole += len(texts) == 1 and texts == still
    answers.put(whole)


def test_two_processes_and_a_full_cache_do_no_harm(archived, tmp_path):
    """With room for one, and three in turns in two processes: every use finds its model whole."""
    models = [archived(mark) for mark in "abc"]
    context = multiprocessing.get_context("fork")
    gate, answers = context.Barrier(2), context.Queue()
    orders = (models, models[::-1])
    processes = [
        context.Process(target=_use_in_turns, args=(tmp_path, order, gate, answers))
        for order in orders
    ]
    for process in processes:
        process.start()
    assert [answers.get(timeout=LIMIT_SECONDS) for _ in processes] == [12, 12]
    for process in processes:
        process.join(LIMIT_SECONDS)
    assert sum(kept(tmp_path, *models)) <= 2
