"""Resolved models become local directories whose bytes are the submitted ones; torch-free.

An archive is fetched once per host: processes wait for each other on a lock file, which the
system releases when its holder dies, and the folder appears only when it is whole.
"""

import fcntl
import shutil
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from shared.errors import (
    BucketMissing,
    DiskFailed,
    ModelChanged,
    ModelInvalid,
    ModelUnavailable,
    ObjectMissing,
)
from shared.jobs import ResolvedModel
from shared.keys import S3Address
from shared.references import (
    ArchiveReference,
    DirectoryReference,
    HubReference,
    archive_folder,
    file_digest,
    tree_digest,
)
from shared.references.hub import Hub
from shared.references.missing import missing_archive, missing_directory
from shared.s3 import ObjectStore
from worker.models.archive import unpack
from worker.models.host_faults import host_fault
from worker.models.hub import fetch_snapshot

_log = structlog.get_logger()


class ModelStore:
    """Fetches each model once per process, whatever the number of threads that ask."""

    def __init__(
        self, objects: ObjectStore, cache: Path, *, max_bytes: int, hub: Hub | None = None
    ) -> None:
        """Fetch nothing yet.

        Args:
            objects: Where archives are.
            cache: Restyle's cache folder; archives are unpacked below `models/`.
            max_bytes: Largest archive, packed and unpacked.
            hub: By default the one that the environment names.
        """
        self._objects = objects
        self._cache = cache
        self._max_bytes = max_bytes
        self._hub = hub
        self._found: dict[ResolvedModel, Path] = {}
        self._locks: defaultdict[ResolvedModel, threading.Lock] = defaultdict(threading.Lock)
        self._guard = threading.Lock()

    def fetch(self, model: ResolvedModel) -> Path:
        """The model's local directory, its digest checked; later calls return at once.

        Raises:
            ModelMissing: Nothing is there any more.
            ModelChanged: Other bytes are there than when the batch was submitted.
            ModelInvalid: The archive must not be unpacked.
            ModelUnavailable: The hub cannot be reached now, or this host cannot read or write it.
            StorageError: S3 refused.
        """
        with self._guard:
            lock = self._locks[model]
        with lock:
            if model not in self._found:
                with _host_faults(model):
                    self._found[model] = self._fetch(model)
                _log.info("model ready", model=model.reference, path=str(self._found[model]))
            return self._found[model]

    def _fetch(self, model: ResolvedModel) -> Path:
        match model.kind:
            case "directory":
                return _checked_directory(model)
            case "archive":
                address, _, _ = model.reference.partition("#")
                return self._archive(ArchiveReference(S3Address.parse(address), model.digest))
            case "hub":
                repo, _, _ = model.reference.partition("@")
                hub = self._hub or Hub.from_environment()
                return fetch_snapshot(hub, HubReference(repo, model.digest))

    def _archive(self, reference: ArchiveReference) -> Path:
        folder = archive_folder(self._cache, reference.sha256)
        # A folder under its final name is whole: it got its name last.
        if folder.is_dir():
            return folder
        with _disk(folder.parent):
            folder.parent.mkdir(parents=True, exist_ok=True)
        with _host_lock(folder.with_suffix(".lock")):
            if not folder.is_dir():
                self._unpack_beside(reference, folder)
        return folder

    def _unpack_beside(self, reference: ArchiveReference, folder: Path) -> None:
        """Download, check and unpack, then give the folder its name."""
        # Under the lock whatever a process left that died here is nobody's.
        part = folder.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        content = part / "content"
        with _disk(part):
            content.mkdir(parents=True)
        try:
            archive = part / "archive"
            self._download(reference, archive)
            _check(str(reference), file_digest(archive), reference.sha256)
            unpack(archive, content, reference=str(reference), max_bytes=self._max_bytes)
            with _disk(folder):
                content.rename(folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)

    def _download(self, reference: ArchiveReference, path: Path) -> None:
        try:
            self._objects.download(reference.address, path, max_bytes=self._max_bytes)
        except (ObjectMissing, BucketMissing) as error:
            raise missing_archive(reference, siblings=()) from error


def _checked_directory(model: ResolvedModel) -> Path:
    path = Path(model.reference).absolute()
    if not path.is_dir():
        raise missing_directory(DirectoryReference(path))
    _check(model.reference, tree_digest(path), model.digest)
    return path


def _check(reference: str, found: str, expected: str) -> None:
    if found != expected:
        raise ModelChanged(reference=reference, found=found, expected=expected)


@contextmanager
def _host_faults(model: ResolvedModel) -> Iterator[None]:
    """A full disk, or a file that cannot be read, is this host's fault, not the model's."""
    try:
        yield
    except (DiskFailed, ModelInvalid) as error:
        reason = str(error).rstrip(".") if isinstance(error, DiskFailed) else host_fault(error)
        if not reason:
            raise
        raise ModelUnavailable(reference=model.reference, reason=reason) from error


@contextmanager
def _host_lock(path: Path) -> Iterator[None]:
    with _disk(path):
        file = path.open("wb")
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def _disk(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DiskFailed(path=path, reason=error.strerror or str(error)) from error
