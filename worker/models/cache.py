"""The cache of unpacked model archives on this host's disk; torch-free.

An archive is fetched once per host: processes wait for each other on a lock file, which the
system releases when its holder dies, and the folder appears only when it is whole. Beside its
files the folder holds their digest, so that damage on the disk shows, whoever looks first.
"""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import structlog

from shared.errors import BucketMissing, DiskFailed, ModelChanged, ModelInvalid, ObjectMissing
from shared.packing.reading import unpack
from shared.references import (
    ArchiveReference,
    archive_folder,
    archives_folder,
    file_digest,
    tree_digest,
)
from shared.references.missing import missing_archive
from shared.s3 import ObjectStore
from worker.models.host_faults import host_fault
from worker.models.room import LOCK, PART, Room

log = structlog.get_logger()

#: The file in an unpacked folder that holds the digest of the others; hidden, it does not count.
NOTE = ".tree.sha256"


class ArchiveCache:
    """Unpacked archives; any number of threads and processes may use it."""

    def __init__(
        self, objects: ObjectStore, cache: Path, *, max_bytes: int, cache_bytes: int | None
    ) -> None:
        """Fetch nothing yet; see `ModelStore`."""
        self._objects = objects
        self._cache = cache
        self._max_bytes = max_bytes
        self._room = Room(archives_folder(cache), cache_bytes)

    def held(self, digest: str) -> AbstractContextManager[None]:
        """While the context lasts, the folder of a digest is not removed to make room."""
        return self._room.held(digest)

    def has(self, digest: str) -> bool:
        """Whether the archive of a digest lies there, unpacked."""
        return archive_folder(self._cache, digest).is_dir()

    def folder(self, reference: ArchiveReference) -> Path:
        """The archive's folder, fetched and unpacked if it is not there.

        Raises:
            ModelMissing: The object is not there any more.
            ModelChanged: It has other bytes.
            ModelInvalid: The archive must not be unpacked.
            DiskFailed: The cache cannot be written.
            StorageError: S3 refused.
        """
        folder = archive_folder(self._cache, reference.sha256)
        # A folder under its final name is whole: it got its name last.
        if folder.is_dir():
            return folder
        with self._locked(folder):
            if not folder.is_dir():
                self._make_room(reference)
                self._unpack_beside(reference, folder)
                with _disk(folder):
                    self._room.make(keep=reference.sha256)  # it may be larger than its archive
        return folder

    def mend(self, reference: ArchiveReference) -> Path:
        """The archive's folder, fetched anew unless another process has just done so.

        Raises:
            RestyleError: As `folder`.
        """
        folder = archive_folder(self._cache, reference.sha256)
        with self._locked(folder):
            if not is_sound(folder):
                log.warning("model damaged in the cache; fetching it anew", model=str(reference))
                shutil.rmtree(folder, ignore_errors=True)
                self._unpack_beside(reference, folder)
        return folder

    def settle(self, reference: ArchiveReference) -> None:
        """Wait until no process of this host is at an archive's folder.

        Raises:
            DiskFailed: The lock cannot be written.
        """
        with self._locked(archive_folder(self._cache, reference.sha256)):
            pass

    @contextmanager
    def _locked(self, folder: Path) -> Iterator[None]:
        with _disk(folder.parent):
            folder.parent.mkdir(parents=True, exist_ok=True)
        with _host_lock(folder.with_suffix(LOCK)):
            yield

    def _make_room(self, reference: ArchiveReference) -> None:
        with _found(reference):
            size = self._objects.head(reference.address).size
        with _disk(self._cache):
            # Weights hardly compress: unpacked it takes about as much.
            self._room.make(size, keep=reference.sha256)

    def _unpack_beside(self, reference: ArchiveReference, folder: Path) -> None:
        """Download, check and unpack, then give the folder its name."""
        # Under the lock whatever a process left that died here is nobody's.
        part = folder.with_suffix(PART)
        shutil.rmtree(part, ignore_errors=True)
        content = part / "content"
        with _disk(part):
            content.mkdir(parents=True)
        try:
            archive = part / "archive"
            self._download(reference, archive)
            _check_archive(reference, archive)
            unpack(archive, content, reference=str(reference), max_bytes=self._max_bytes)
            _note(content)
            with _disk(folder):
                content.rename(folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)

    def _download(self, reference: ArchiveReference, path: Path) -> None:
        with _found(reference):
            self._objects.download(reference.address, path, max_bytes=self._max_bytes)


@contextmanager
def _found(reference: ArchiveReference) -> Iterator[None]:
    try:
        yield
    except (ObjectMissing, BucketMissing) as error:
        raise missing_archive(reference, siblings=()) from error


def noted_digest(folder: Path) -> str | None:
    """The digest that the files of an unpacked folder had; None where nobody noted it."""
    try:
        return (folder / NOTE).read_text(encoding="ascii").strip() or None
    except (OSError, UnicodeError):
        return None


def is_sound(folder: Path) -> bool:
    """Whether an unpacked folder holds the files that it was unpacked with.

    Raises:
        ModelInvalid: This host cannot read it, which no fetching cures.
    """
    try:
        return tree_digest(folder) == noted_digest(folder)
    except ModelInvalid as error:
        if host_fault(error):
            raise
        return False


def _note(content: Path) -> None:
    try:
        digest = tree_digest(content)
    except ModelInvalid:
        return  # without weights there is nothing to damage; whoever loads it says so
    with _disk(content):
        (content / NOTE).write_text(digest, encoding="ascii")


def _check_archive(reference: ArchiveReference, archive: Path) -> None:
    found = file_digest(archive)
    if found != reference.sha256:
        raise ModelChanged(reference=str(reference), found=found, expected=reference.sha256)


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
