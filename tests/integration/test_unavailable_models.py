"""A model that this host cannot have: told, left alone, and left to workers that have it."""

import errno
import os
import resource
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

from producer.doctor.services import check_workers
from shared.board.workers import UNAVAILABLE_MODELS
from shared.errors import ModelInvalid, ModelUnavailable
from shared.jobs import ResolvedModel
from shared.references import tree_digest
from shared.s3 import ObjectStore
from shared.settings import cache_path, load_settings
from shared.states import ItemState
from tests.archives import packed, put_archive
from tests.installation import wait_until
from worker.models.fetch import ModelStore
from worker.models.host_faults import HOST_ERRNOS, host_fault
from worker.models.load import load_painter
from worker.models.resident import ResidentModels

OWNER = "test/cpu/0"


@pytest.fixture
def no_cache(tmp_path, monkeypatch):
    """A file lies where the cache's folder should be."""
    (tmp_path / "cache").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "restyle").write_text("in the way")


@pytest.fixture
def archived(bucket, tiny_painter, place):
    """Put a one-item batch on the board whose painter is an archive in S3."""
    model = put_archive(bucket, packed(tiny_painter))
    return lambda batch_id="b": place(batch_id, model=model)


# --- what becomes of items -------------------------------------------------------------------


@pytest.mark.parametrize(("retries", "state"), [(3, ItemState.QUEUED), (0, ItemState.FAILED)])
def test_where_nobody_has_the_model_the_item_is_retried_and_then_fails(
    no_cache, photo, archived, board, monkeypatch, new_process, retries, state
):
    """A host without room: the try counts, and the last one fails as model_unavailable."""
    monkeypatch.setenv("RESTYLE_MAX_RETRIES", str(retries))
    new_process().seat.take(archived(), OWNER)
    item = board.item("b", 0)
    assert (item.state, item.retries) == (state, min(retries, 1))
    assert item.failure is None or item.failure.code == "model_unavailable"


def test_an_item_goes_to_others_as_if_it_had_never_come(no_cache, photo, archived, board, process):
    """Another worker is there: no try is counted, and the item waits without delay."""
    board.report_worker("other/0/1", {})
    process.seat.take(archived(), OWNER)
    item = board.item("b", 0)
    assert (item.state, item.deliveries, item.retries) == (ItemState.QUEUED, 0, 0)
    assert board.backlog().waiting["standard"] == 1


def test_others_that_cannot_have_it_either_are_no_help(no_cache, photo, archived, board, process):
    """Each worker tells what it lacks, so that an item does not go round for ever."""
    message = archived()
    (reference,) = board.status("b").batch.models
    board.report_worker("other/0/1", {UNAVAILABLE_MODELS: {reference: "the disk is full"}})
    process.seat.take(message, OWNER)
    assert board.item("b", 0).retries == 1


def test_a_resting_model_costs_its_items_nothing_here(no_cache, photo, archived, board, process):
    """The second item is handed back before its source is even fetched."""
    board.report_worker("other/0/1", {})
    process.seat.take(archived("a"), OWNER)
    process.seat.take(archived("b"), OWNER)
    counts = process.look().counts
    assert {(ending.state, ending.code): n for ending, n in counts.items.items()} == {
        ("returned", "model_unavailable"): 2
    }
    assert counts.stages["decode"].count == 1


def test_items_of_other_models_are_rendered_meanwhile(
    no_cache, photo, archived, place, board, process
):
    """One model's rest is no other's."""
    board.report_worker("other/0/1", {})
    process.seat.take(archived("a"), OWNER)
    process.seat.take(place("b"), OWNER)
    assert board.item("b", 0).state is ItemState.DONE


def test_a_model_that_is_invalid_is_nobodys_to_have(photo, board, bucket, place, process):
    """It is the model's own fault: final at once, though other workers are there."""
    board.report_worker("other/0/1", {})
    process.seat.take(place("b", model=put_archive(bucket, b"no archive")), OWNER)
    assert board.item("b", 0).failure.code == "model_invalid"


def test_a_model_that_is_invalid_is_not_loaded_for_each_item(
    photo, board, tmp_path, tiny_painter, place, process
):
    """Loading takes the device's time: further items fail at once, and the board is told why."""
    copy = shutil.copytree(tiny_painter, tmp_path / "model")
    (copy / "unet" / "diffusion_pytorch_model.safetensors").write_bytes(b"nonsense")
    model = ResolvedModel(reference=str(copy), kind="directory", digest=tree_digest(copy))
    for batch_id in ("a", "b", "c"):
        process.seat.take(place(batch_id, model=model), OWNER)
        assert board.item(batch_id, 0).failure.code == "model_invalid"
    look = process.look()
    assert (look.device.batches, look.counts.stages["decode"].count) == (1, 1)
    (worker,) = wait_until(lambda: [one for one in board.workers() if one.unavailable_models])
    assert str(copy) in worker.unavailable_models


def test_the_worker_says_so_on_the_board_and_the_doctor_tells_it(
    no_cache, photo, archived, board, process
):
    """Which worker, which model, and why."""
    process.seat.take(archived(), OWNER)
    (reference,) = board.status("b").batch.models
    (worker,) = wait_until(lambda: [one for one in board.workers() if one.unavailable_models])
    assert "cannot be written" in worker.unavailable_models[reference]
    checks = {check.name: check for check in check_workers(load_settings())}
    assert checks[f"models of {OWNER}"].verdict == "warn"
    assert reference in checks[f"models of {OWNER}"].finding


# --- whose fault it is -----------------------------------------------------------------------


def test_a_full_disk_is_the_hosts_fault_and_leaves_nothing(bucket, tmp_path, tiny_painter):
    """A file may not grow past some bytes: no half archive stays, and room helps at once."""
    model = put_archive(bucket, packed(tiny_painter))
    models = ModelStore(ObjectStore.connect(), tmp_path / "cache", max_bytes=50_000_000)
    with _limited(resource.RLIMIT_FSIZE, 20_000), pytest.raises(ModelUnavailable):
        models.fetch(model)
    assert {path.suffix for path in (tmp_path / "cache" / "models").iterdir()} == {".lock"}
    assert models.fetch(model).is_dir()


@pytest.mark.parametrize("step", ["download", "unpacking"])
def test_an_item_outlives_a_full_disk(
    photo, bucket, tmp_path, tiny_painter, place, board, process, step
):
    """Full as its model comes: the try counts, nothing is left; with room the item is done."""
    copy = shutil.copytree(tiny_painter, tmp_path / "model")
    (copy / "notes.txt").write_bytes(bytes(5_000_000))  # small in the archive, large on the disk
    content = packed(copy)
    message = place(model=put_archive(bucket, content))
    room = 20_000 if step == "download" else len(content) + 1_000
    with _limited(resource.RLIMIT_FSIZE, room):
        process.seat.take(message, OWNER)
    item = board.item("b", 0)
    assert (item.state, item.retries) == (ItemState.QUEUED, 1)
    left = list((cache_path() / "models").iterdir())
    assert sum(path.stat().st_size for path in left if path.is_file()) == 0
    assert {path.suffix for path in left} == {".lock", ".use"}
    told = wait_until(lambda: [one for one in board.workers() if one.unavailable_models])
    assert "File too large" in str(told[0].unavailable_models)
    wait_until(lambda: _is_done_after_a_try(process, board, message))


def _is_done_after_a_try(process, board, message):
    board.sweep(5)  # a try that came while the model still rested is one more retry
    return process.seat.take(message, OWNER) and board.item("b", 0).state is ItemState.DONE


def test_a_directory_that_this_host_must_not_read_is_its_fault(s3_environment, tiny_painter):
    """Permissions are the host's; the same directory is fine on another one."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        copy = shutil.copytree(tiny_painter, Path(folder) / "model")
        model = ResolvedModel(reference=str(copy), kind="directory", digest=tree_digest(copy))
        (copy / "unet" / "diffusion_pytorch_model.safetensors").chmod(0)
        models = ModelStore(ObjectStore.connect(), Path(folder) / "cache", max_bytes=1_000)
        with _as_nobody(), pytest.raises(ModelUnavailable, match="Permission denied"):
            models.fetch(model)


def test_too_many_open_files_are_the_hosts_fault(tiny_painter):
    """The loaders say that the files are missing; they are not."""
    assert load_painter(tiny_painter, "cpu")
    with _limited(resource.RLIMIT_NOFILE, 3), pytest.raises(ModelUnavailable, match="open files"):
        load_painter(tiny_painter, "cpu")


def test_a_damaged_model_is_not_the_hosts_fault(tmp_path, tiny_painter):
    """What can be read and makes no sense is invalid, everywhere."""
    copy = shutil.copytree(tiny_painter, tmp_path / "model")
    (copy / "unet" / "diffusion_pytorch_model.safetensors").write_bytes(b"nonsense")
    with pytest.raises(ModelInvalid):
        load_painter(copy, "cpu")


@pytest.mark.parametrize("number", sorted(HOST_ERRNOS), ids=errno.errorcode.get)
def test_a_fault_of_the_host_is_found_under_what_was_made_of_it(number):
    """Vendors wrap the system's error in their own; the chain still has it."""
    told = ValueError("a loader's own words")
    told.__cause__ = OSError(number, os.strerror(number))
    assert os.strerror(number) in host_fault(told)
    assert host_fault(FileNotFoundError(errno.ENOENT, "no such file")) == ""


def test_a_model_that_does_not_fit_is_tried_in_the_room_of_the_others(tiny_painter, tmp_path):
    """Where that is not enough either, it is unavailable, and no call is cut in halves for it."""
    models = ResidentModels("cpu")
    kept: list[int] = []

    def load(directory, device):
        kept.append(len(models._painters))
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")

    models._painters.get((str(tiny_painter), ""), models._load_painter)
    with pytest.raises(ModelUnavailable, match="memory of cpu is too small"):
        models._load(load, (str(tmp_path), ""))
    assert kept == [1, 0]


@contextmanager
def _limited(kind, amount):
    soft, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (amount, hard))
    try:
        yield
    finally:
        resource.setrlimit(kind, (soft, hard))


@contextmanager
def _as_nobody():
    """Root may read everything, so that for the block it is somebody else."""
    was = os.geteuid()
    if was == 0:
        os.seteuid(65_534)
    try:
        yield
    finally:
        os.seteuid(was)
