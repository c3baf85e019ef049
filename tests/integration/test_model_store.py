"""Models fetched from directories and from S3: the submitted bytes, whole, once."""

import multiprocessing
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from shared.errors import ModelChanged, ModelMissing, ModelUnavailable, ObjectTooLarge
from shared.jobs import ResolvedModel
from shared.references import local_directory, tree_digest
from shared.s3 import ObjectStore
from tests.archives import packed, put_archive
from tests.installation import wait_until
from worker.models.fetch import ModelStore
from worker.models.load import load_segmenter

LIMIT_SECONDS = 30


def store(tmp_path, *, max_bytes=50_000_000, look_seconds=0.0) -> ModelStore:
    """A model store with a cache of the test's own, which looks at the files at each fetch."""
    objects, cache = ObjectStore.connect(), tmp_path / "cache"
    return ModelStore(objects, cache, max_bytes=max_bytes, look_seconds=look_seconds)


# --- directories -----------------------------------------------------------------------------


def directory_model(path: Path, digest: str) -> ResolvedModel:
    """A resolved directory."""
    return ResolvedModel(reference=str(path), kind="directory", digest=digest)


def test_a_directory_is_used_where_it_lies_and_hashed_once(s3_environment, tmp_path, tiny_painter):
    """Its digest is checked at the first use; a process does not hash gigabytes per item."""
    copy = shutil.copytree(tiny_painter, tmp_path / "model")
    model, models = directory_model(copy, tree_digest(copy)), store(tmp_path)
    assert models.fetch(model) == copy == local_directory(model, tmp_path)
    wait_until(lambda: models.fetch(model) and models._found[model].stamps.settled)
    read = models._found[model]
    assert models.fetch(model) == copy
    assert models._found[model] is read


CHANGES = {
    "weights in place": ("unet/diffusion_pytorch_model.safetensors", "patch"),
    "weights of another inode": ("unet/diffusion_pytorch_model.safetensors", "replace"),
    "a config": ("scheduler/scheduler_config.json", "patch"),
    "one file more": ("unet/more.safetensors", "replace"),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("settled", [True, False], ids=["settled", "young"])
def test_a_directory_that_changes_is_noticed_and_its_return_too(
    s3_environment, tmp_path, tiny_painter, change, settled
):
    """At the very next look, whatever was changed and how; the same bytes are the same model."""
    copy = shutil.copytree(tiny_painter, tmp_path / "model")
    model, models = directory_model(copy, tree_digest(copy)), store(tmp_path)
    assert models.fetch(model)
    if settled:
        wait_until(lambda: models.fetch(model) and models._found[model].stamps.settled)
    name, way = CHANGES[change]
    path = copy / name
    before = path.read_bytes() if path.exists() else None
    _write(path, way, bytes(byte ^ 1 for byte in before or b"more"))
    for _ in range(2):
        with pytest.raises(ModelChanged):
            models.fetch(model)
    if before is None:
        path.unlink()
    else:
        _write(path, way, before)
    assert models.fetch(model) == copy


def test_a_look_counts_for_a_while_but_never_for_what_is_loaded(
    s3_environment, tmp_path, tiny_painter
):
    """Item threads do not look at every file for every item; whoever has just loaded it does."""
    copy = shutil.copytree(tiny_painter, tmp_path / "model")
    model, models = directory_model(copy, tree_digest(copy)), store(tmp_path, look_seconds=60)
    models.fetch(model)
    _write(copy / "model_index.json", "patch", b"{}")
    assert models.fetch(model) == copy
    with pytest.raises(ModelChanged):
        models.verify(str(copy), model.digest)


def _write(path, way, content):
    """In place, with the old time of change; or as a new file under the old name."""
    if way == "replace":
        new = path.with_suffix(".new")
        new.write_bytes(content)
        new.rename(path)
        return
    times = path.stat()
    path.write_bytes(content)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


DAMAGES = {
    "a config of other bytes": lambda folder: (folder / "config.json").write_text("{}"),
    "weights cut short": lambda folder: os.truncate(folder / "model.safetensors", 100),
    "weights gone": lambda folder: (folder / "model.safetensors").unlink(),
    "one file more": lambda folder: (folder / "more.json").write_text("{}"),
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("started", ["before", "after"])
def test_a_damaged_archive_in_the_cache_is_fetched_anew(
    bucket, tmp_path, tiny_segmenter, damage, started
):
    """What was unpacked is what is loaded, whether a process saw the damage come or found it."""
    model, models = put_archive(bucket, packed(tiny_segmenter)), store(tmp_path)
    folder = models.fetch(model)
    whole = tree_digest(folder)
    DAMAGES[damage](folder)
    if started == "after":
        models = store(tmp_path)
    assert models.fetch(model) == folder
    assert tree_digest(folder) == whole
    assert load_segmenter(folder, "cpu")
    assert {path.suffix for path in folder.parent.iterdir()} == {"", ".lock"}


def test_only_the_first_item_pays_for_a_damaged_archive(bucket, tmp_path, tiny_segmenter):
    """Eight stores of one host that find the damage at once share one download."""
    model = put_archive(bucket, packed(tiny_segmenter))
    folder = store(tmp_path).fetch(model)
    (folder / "config.json").write_text("{}")
    with capture_logs() as lines, ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda one: one.fetch(model), [store(tmp_path) for _ in range(8)]))
    assert set(found) == {folder}
    assert [line["event"] for line in lines].count(
        "model damaged in the cache; fetching it anew"
    ) == 1


def test_an_archive_that_is_damaged_again_is_this_hosts_fault(
    bucket, tmp_path, tiny_segmenter, monkeypatch
):
    """A disk that does not keep what is written to it: another worker may have the model."""
    model, models = put_archive(bucket, packed(tiny_segmenter)), store(tmp_path)
    folder = models.fetch(model)
    mend = models._archives.mend

    def mend_on_a_bad_disk(reference):
        mend(reference)
        (folder / "config.json").write_text("{}")
        return folder

    monkeypatch.setattr(models._archives, "mend", mend_on_a_bad_disk)
    (folder / "config.json").write_text("{}")
    with pytest.raises(ModelUnavailable, match="damaged again"):
        models.fetch(model)


def test_a_damaged_archive_that_is_gone_from_s3_is_missing(bucket, tmp_path, tiny_segmenter):
    """What cannot be fetched anew is said by name, and no damaged copy is used."""
    model, models = put_archive(bucket, packed(tiny_segmenter)), store(tmp_path)
    (models.fetch(model) / "config.json").write_text("{}")
    (bucket / "model.tar.gz").unlink()
    with pytest.raises(ModelMissing):
        models.fetch(model)


def test_a_missing_directory_names_its_neighbour(s3_environment, tmp_path):
    """A directory that this host lacks says what lies near it."""
    (tmp_path / "painter-v2").mkdir()
    with pytest.raises(ModelMissing, match="painter-v2"):
        store(tmp_path).fetch(directory_model(tmp_path / "painter-v3", "0" * 64))


# --- archives --------------------------------------------------------------------------------


def test_an_archive_is_unpacked_once_and_loads(bucket, tmp_path, tiny_segmenter):
    """S3, digest, unpacking and loading in a row; another process's cache serves the next."""
    model = put_archive(bucket, packed(tiny_segmenter))
    assert local_directory(model, tmp_path / "cache") is None
    folder = store(tmp_path).fetch(model)
    assert folder == local_directory(model, tmp_path / "cache")
    assert folder == tmp_path / "cache" / "models" / model.digest
    assert load_segmenter(folder, "cpu")
    (bucket / "model.tar.gz").unlink()
    assert store(tmp_path).fetch(model) == folder
    assert {path.suffix for path in folder.parent.iterdir()} == {"", ".lock"}


def test_an_archive_with_other_bytes_is_refused(bucket, tmp_path):
    """A replaced archive is ModelChanged, and leaves nothing in the cache."""
    model = put_archive(bucket, b"one")
    (bucket / "model.tar.gz").write_bytes(b"two")
    with pytest.raises(ModelChanged):
        store(tmp_path).fetch(model)
    assert [path.suffix for path in (tmp_path / "cache" / "models").iterdir()] == [".lock"]


def test_a_missing_archive_is_a_missing_model(bucket, tmp_path):
    """The object's absence is told as the model's."""
    model = put_archive(bucket, b"one")
    (bucket / "model.tar.gz").unlink()
    with pytest.raises(ModelMissing):
        store(tmp_path).fetch(model)


def test_a_too_large_archive_is_not_downloaded(bucket, tmp_path):
    """The limit holds before the first byte."""
    with pytest.raises(ObjectTooLarge):
        store(tmp_path, max_bytes=10).fetch(put_archive(bucket, b"x" * 11))


def test_a_cache_that_cannot_be_written_is_said_so(bucket, tmp_path):
    """A file where the cache's folder should be: another worker may have room."""
    (tmp_path / "cache").write_text("in the way")
    with pytest.raises(ModelUnavailable, match="cannot be written"):
        store(tmp_path).fetch(put_archive(bucket, b"x"))


def test_what_a_dead_process_left_is_replaced(bucket, tmp_path, tiny_segmenter):
    """Half a download of a killed worker neither counts nor disturbs."""
    model = put_archive(bucket, packed(tiny_segmenter))
    part = tmp_path / "cache" / "models" / f"{model.digest}.part"
    (part / "content").mkdir(parents=True)
    (part / "content" / "config.json").write_text("{}")
    (part / "archive").write_bytes(b"half")
    assert load_segmenter(store(tmp_path).fetch(model), "cpu")
    assert not part.exists()


def test_many_threads_fetch_an_archive_once(bucket, tmp_path, tiny_segmenter, monkeypatch):
    """Items that start together share one download."""
    model, models = put_archive(bucket, packed(tiny_segmenter)), store(tmp_path)
    downloads = []
    objects = models._archives._objects
    download = objects.download
    monkeypatch.setattr(
        objects, "download", lambda *a, **k: downloads.append(a) or download(*a, **k)
    )
    with ThreadPoolExecutor(8) as threads:
        found = set(threads.map(models.fetch, [model] * 8))
    assert len(found) == len(downloads) == 1


def fetch_elsewhere(cache: Path, model: ResolvedModel, gate, answers) -> None:
    """Body of another process."""
    gate.wait(LIMIT_SECONDS)
    answers.put(str(store(cache).fetch(model)))


def test_two_processes_at_once_end_with_one_whole_model(bucket, tmp_path, tiny_segmenter):
    """Workers of two devices on one host share the cache safely."""
    model = put_archive(bucket, packed(tiny_segmenter))
    context = multiprocessing.get_context("fork")
    gate, answers = context.Barrier(2), context.Queue()
    arguments = (tmp_path, model, gate, answers)
    processes = [context.Process(target=fetch_elsewhere, args=arguments) for _ in range(2)]
    for process in processes:
        process.start()
    folders = {answers.get(timeout=LIMIT_SECONDS) for _ in processes}
    for process in processes:
        process.join(LIMIT_SECONDS)
    assert folders == {str(tmp_path / "cache" / "models" / model.digest)}
    assert load_segmenter(Path(folders.pop()), "cpu")
