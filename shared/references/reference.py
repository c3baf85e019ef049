"""The four forms of a model reference, told apart by how they are written."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal, TypeAlias

from shared.errors import AddressInvalid, ModelReferenceInvalid
from shared.keys import S3Address
from shared.registry import DIGEST_MARK, NAME

#: Endings of archives that the worker unpacks.
ARCHIVE_ENDINGS = (".tar.gz", ".tgz", ".tar")

#: The revision of a hub reference that names none.
DEFAULT_REVISION = "main"

#: What a reference into the registry begins with.
REGISTRY_MARK = "registry:"

_HUB_ID = re.compile(
    r"(?P<repo>[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95})(@(?P<revision>.+))?",
    re.ASCII,
)
_REVISION = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)*", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


@dataclass(frozen=True, slots=True)
class HubReference:
    """`org/name` or `org/name@revision`: a repository of the Hugging Face hub."""

    kind: ClassVar[Literal["hub"]] = "hub"
    repo: str
    #: Branch, tag or commit.
    revision: str = DEFAULT_REVISION

    @property
    def is_pinned(self) -> bool:
        """Whether the revision is a commit's full hash, which never moves."""
        return _COMMIT.fullmatch(self.revision) is not None

    def __str__(self) -> str:
        return self.repo if self.revision == DEFAULT_REVISION else f"{self.repo}@{self.revision}"


@dataclass(frozen=True, slots=True)
class DirectoryReference:
    """A directory, absolute."""

    kind: ClassVar[Literal["directory"]] = "directory"
    path: Path

    def __str__(self) -> str:
        return str(self.path)


@dataclass(frozen=True, slots=True)
class ArchiveReference:
    """`s3://bucket/model.tar.gz#sha256=…`: an archive, with the digest it must have."""

    kind: ClassVar[Literal["archive"]] = "archive"
    address: S3Address
    #: Lower case hex.
    sha256: str

    def __str__(self) -> str:
        return f"{self.address}#sha256={self.sha256}"


@dataclass(frozen=True, slots=True)
class RegistryReference:
    """`registry:NAME@ALIAS` or `registry:NAME@sha256:…`: a version of the registry's."""

    kind: ClassVar[Literal["registry"]] = "registry"
    name: str
    #: An alias, or `sha256:` and the whole digest.
    which: str

    def __str__(self) -> str:
        return f"{REGISTRY_MARK}{self.name}@{self.which}"


ModelReference: TypeAlias = HubReference | DirectoryReference | ArchiveReference | RegistryReference


def parse(reference: str) -> ModelReference:
    """Tell by its form what a reference names; nothing is looked up but local directories.

    `s3://…` is an archive; `registry:NAME@ALIAS` or `registry:NAME@sha256:…` is a version of the
    registry's; an absolute path, `./…`, `../…`, `~…` or an existing directory is a directory;
    `org/name[@revision]` is a repository of the hub.

    Raises:
        ModelReferenceInvalid: None of these.
    """
    if reference.startswith("s3://"):
        return _archive(reference)
    problem = _foreign(reference)
    if problem:
        raise ModelReferenceInvalid(reference=reference, reason=problem)
    if reference.startswith(REGISTRY_MARK):
        return _registry(reference)
    if _is_path(reference):
        return DirectoryReference(_absolute(reference))
    return _hub(reference)


def is_hub_id(reference: str) -> bool:
    """Whether it is written as the hub's `org/name` or `org/name@revision`; a path may be, too."""
    return _HUB_ID.fullmatch(reference) is not None


def _foreign(reference: str) -> str:
    if any(ord(char) < 32 or ord(char) == 127 for char in reference):
        return "it has control characters"
    return "only s3:// addresses are fetched" if "://" in reference else ""


def _archive(reference: str) -> ArchiveReference:
    address, _, sha256 = reference.partition("#sha256=")
    problem = _archive_problem(address, sha256)
    if problem:
        raise ModelReferenceInvalid(reference=reference, reason=problem)
    try:
        return ArchiveReference(S3Address.parse(address, kind="model archive"), sha256.lower())
    except AddressInvalid as error:
        reason = str(error.facts["reason"])
        raise ModelReferenceInvalid(reference=reference, reason=reason) from error


def _archive_problem(address: str, sha256: str) -> str:
    if not address.endswith(ARCHIVE_ENDINGS):
        return f"the archive must end in {', '.join(ARCHIVE_ENDINGS)}"
    if not sha256:
        return "it lacks #sha256=<64 hex digits> (`sha256sum` of the archive prints them)"
    return "" if _SHA256.fullmatch(sha256) else "its sha256 is not 64 hex digits"


def _registry(reference: str) -> RegistryReference:
    name, _, which = reference.removeprefix(REGISTRY_MARK).partition("@")
    digest = which.removeprefix(DIGEST_MARK)
    if not NAME.fullmatch(name):
        problem = f"{name!r} is no name of a model"
    elif not which:
        problem = f"it lacks the alias, as in {REGISTRY_MARK}{name}@stable"
    elif which != digest:
        problem = "" if _SHA256.fullmatch(digest) else "its sha256 is not 64 hex digits"
    else:
        problem = "" if NAME.fullmatch(which) else f"{which!r} is no name of an alias"
    if problem:
        raise ModelReferenceInvalid(reference=reference, reason=problem)
    return RegistryReference(name, which.lower())


def _is_path(reference: str) -> bool:
    if reference.startswith(("/", "./", "../", "~")) or reference in {".", ".."}:
        return True
    try:
        return bool(reference) and Path(reference).is_dir()
    except OSError:  # too long for a name, or behind a folder that is closed to us
        return False


def _absolute(reference: str) -> Path:
    try:
        return Path(reference).expanduser().absolute()
    except RuntimeError as error:
        reason = "there is no such home directory"
        raise ModelReferenceInvalid(reference=reference, reason=reason) from error


def _hub(reference: str) -> HubReference:
    found = _HUB_ID.fullmatch(reference)
    if found is None:
        reason = "it is no org/name, and there is no such directory"
        raise ModelReferenceInvalid(reference=reference, reason=reason)
    revision = found["revision"] or DEFAULT_REVISION
    if not _REVISION.fullmatch(revision):
        reason = f"{revision!r} is no branch, tag or commit"
        raise ModelReferenceInvalid(reference=reference, reason=reason)
    return HubReference(found["repo"], revision)
