"""Resolved models become local directories whose bytes are the submitted ones; torch-free."""

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from shared.errors import DiskFailed, ModelChanged, ModelInvalid, ModelUnavailable
from shared.jobs import ResolvedModel
from shared.keys import S3Address
from shared.references import (
    ArchiveReference,
    DirectoryReference,
    HubReference,
    tree_digest,
)
from shared.references.hub import Hub
from shared.references.missing import missing_directory
from shared.s3 import ObjectStore
from worker.models.cache import ArchiveCache, noted_digest
from worker.models.host_faults import host_fault
from worker.models.hub import fetch_snapshot
from worker.models.stamps import Stamps

_log = structlog.get_logger()

#: A look at a model's files counts for so long: with dozens of item threads, a call of the system
#: for each file, item and stage is what most of them would wait for. What is loaded meanwhile is
#: looked at anew (`ModelStore.verify`).
LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Found:
    """A model's directory as it was when its files were last read."""

    path: Path
    #: Of all that may be loaded from it.
    digest: str
    #: The digest that it must have: as submitted, or in a cache as first seen.
    due: str
    stamps: Stamps


class ModelStore:
    """Fetches each model once per process, whatever the number of threads that ask."""

    def __init__(
        self,
        objects: ObjectStore,
        cache: Path,
        *,
        max_bytes: int,
        cache_bytes: int | None = None,
        hub: Hub | None = None,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        """Fetch nothing yet.

        Args:
            objects: Where archives are.
            cache: Restyle's cache folder; archives are unpacked below `models/`.
            max_bytes: Largest archive, packed and unpacked.
            cache_bytes: Most bytes of unpacked archives, those in use aside; None for no bound.
            hub: By default the one that the environment names.
            look_seconds: How long a look at a model's files counts.
        """
        self._archives = ArchiveCache(objects, cache, max_bytes=max_bytes, cache_bytes=cache_bytes)
        self._hub = hub
        self._look_seconds = look_seconds
        self._found: dict[ResolvedModel, Found] = {}
        #: Until when a model's directory needs no look, by the monotonic clock.
        self._good: dict[ResolvedModel, tuple[float, Path]] = {}
        self._locks: defaultdict[ResolvedModel, threading.Lock] = defaultdict(threading.Lock)
        self._guard = threading.Lock()

    @contextmanager
    def using(self, model: ResolvedModel) -> Iterator[Path]:
        """The model's local directory, which stays while the context lasts; raises as `fetch`."""
        if model.kind != "archive":
            yield self.fetch(model)
            return
        with self._archives.held(model.digest):
            # Since the last look another process may have made room.
            if not self._archives.has(model.digest):
                self._good.pop(model, None)
            yield self.fetch(model)

    def fetch(self, model: ResolvedModel) -> Path:
        """The model's local directory, its digest checked; nothing keeps it there.

        Later calls look at the files' stamps only, once a while, and read them again where these
        changed.

        Raises:
            ModelMissing: Nothing is there any more.
            ModelChanged: Other bytes are there than when the batch was submitted.
            ModelInvalid: The archive must not be unpacked.
            ModelUnavailable: The hub cannot be reached now, or this host cannot read or write it.
            StorageError: S3 refused.
        """
        until, path = self._good.get(model, (0.0, Path()))
        return path if time.monotonic() < until else self._looked_at(model)

    def _looked_at(self, model: ResolvedModel) -> Path:
        """The model's directory, after a look at its files; see `fetch`."""
        with self._guard:
            lock = self._locks[model]
        with lock:
            found = self._found.get(model)
            if found is None or not found.stamps.hold():
                with _host_faults(model):
                    found = self._found[model] = self._look(model, found)
                _log.info("model read", model=model.reference, path=str(found.path))
            # Whatever was found is kept: gigabytes are not read anew for each item that fails.
            _check(model.reference, found.digest, found.due)
            self._good[model] = time.monotonic() + self._look_seconds, found.path
            return found.path

    def verify(self, directory: str, digest: str) -> None:
        """Make sure that what was just loaded is what had been fetched.

        Args:
            directory: As `fetch` gave it.
            digest: The model's, as submitted.

        Raises:
            RestyleError: As `fetch`; it changed between the two.
        """
        with self._guard:
            known = list(self._found.items())
        for model, found in known:
            if (str(found.path), model.digest) == (directory, digest):
                self._looked_at(model)

    def _look(self, model: ResolvedModel, last: Found | None) -> Found:
        """Read the model's files, which a first look brings here, and another one if need be."""
        path = self._fetch(model)
        if model.kind != "archive":
            return _read(path, model.digest if model.kind == "directory" else None, last)
        found = self._read_settled(model, path, last)
        if found is None:
            # What lies there is ours, and its archive may be had again.
            path = self._archives.mend(_archive_of(model))
            found = _read_damaged(path, None)
        if found is None:
            reason = f"its files in {path} are damaged again, though they were just fetched anew"
            raise ModelUnavailable(reference=model.reference, reason=reason)
        return found

    def _read_settled(self, model: ResolvedModel, path: Path, last: Found | None) -> Found | None:
        try:
            return _read_damaged(path, last)
        except ModelInvalid:
            # Another process may be fetching it anew just now: what it leaves counts.
            self._archives.settle(_archive_of(model))
            return _read_damaged(path, last)

    def _fetch(self, model: ResolvedModel) -> Path:
        match model.kind:
            case "directory":
                return _present_directory(model)
            case "archive":
                return self._archives.folder(_archive_of(model))
            case "hub":
                repo, _, _ = model.reference.partition("@")
                hub = self._hub or Hub.from_environment()
                return fetch_snapshot(hub, HubReference(repo, model.digest))


def _archive_of(model: ResolvedModel) -> ArchiveReference:
    address = model.address or model.reference.partition("#")[0]
    return ArchiveReference(S3Address.parse(address), model.digest)


def _read(path: Path, due: str | None, last: Found | None) -> Found:
    """Read a model's files; without a digest that they must have, what they first had counts."""
    # Before they are read, so that a change meanwhile shows at the next look.
    stamps = Stamps.of(path)
    digest = tree_digest(path)
    return Found(path, digest, due or (last.due if last else digest), stamps)


def _read_damaged(path: Path, last: Found | None) -> Found | None:
    """Read an unpacked archive; None where its files are not those that were unpacked."""
    try:
        found = _read(path, noted_digest(path), last)
    except ModelInvalid as error:
        # Without a note it never held a model, and fetching it anew would not cure that.
        if host_fault(error) or noted_digest(path) is None:
            raise
        return None
    return found if found.digest == found.due else None


def _present_directory(model: ResolvedModel) -> Path:
    path = Path(model.reference).absolute()
    if not path.is_dir():
        raise missing_directory(DirectoryReference(path))
    return path


def _check(reference: str, found: str, expected: str) -> None:
    if found != expected:
        raise ModelChanged(reference=reference, found=found, expected=expected)


@contextmanager
def _host_faults(model: ResolvedModel) -> Iterator[None]:
    """A full disk, or a file that cannot be read, is this host's fault, not the model's."""
    try:
        yield
    except (DiskFailed, ModelInvalid, OSError) as error:
        reason = host_fault(error) if isinstance(error, ModelInvalid) else str(error).rstrip(".")
        if not reason:
            raise
        raise ModelUnavailable(reference=model.reference, reason=reason) from error
