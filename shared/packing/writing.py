"""Packs a model's directory into an archive: equal files make equal bytes, wherever and whenever.

Nothing is compressed: of weights gzip takes a twelfth off at a seventeenth of the speed, and
another zlib would give the same model another digest.
"""

import hashlib
import tarfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, cast

from shared.errors import DiskFailed
from shared.packing.layout import problem
from shared.packing.rules import Members, stranger
from shared.packing.stored import StoredGzip

#: Most bytes of an archive, as RESTYLE_MAX_MODEL_BYTES by default.
MAX_BYTES = 40_000_000_000


def pack(directory: Path, into: Path, *, max_bytes: int = MAX_BYTES) -> str:
    """Write a model's directory as a `.tar.gz` whose files lie at its root.

    Names are sorted, and times, owners and permissions are those of nobody. Hidden files stay out.

    Args:
        directory: A model as published, with what people read and the program of an endpoint.
        into: The archive; an existing one is replaced.
        max_bytes: Most bytes of all files together.

    Returns:
        SHA-256 (hex) of the archive.

    Raises:
        ModelInvalid: No whole model, or there is something else in its directory: links, pickles,
            checkpoints, odd names; too many or too large files.
        DiskFailed: The directory cannot be read, or the archive cannot be written.
    """
    members = Members(str(directory), max_bytes)
    with _disk(directory):
        files = _files(directory, members)
    if reason := problem(directory):
        raise members.refusal(reason)
    try:
        with _disk(into), into.open("wb") as target:
            _write(files, target)
        with _disk(into), into.open("rb") as whole:
            return hashlib.file_digest(whole, "sha256").hexdigest()
    except DiskFailed:
        into.unlink(missing_ok=True)  # half an archive looks like one
        raise


def _files(directory: Path, members: Members) -> dict[str, Path]:
    """What goes in, by its name in the archive, in the order of the names."""
    found = {}
    for path in _walk(directory, members):
        name = path.relative_to(directory).as_posix()
        checked = members.path(name, is_regular=path.is_file())
        if reason := stranger(checked):
            raise members.refusal(f"{name} {reason}")
        members.keep(checked)
        members.count(path.stat().st_size)
        found[name] = path
    return dict(sorted(found.items()))


def _walk(folder: Path, members: Members) -> Iterator[Path]:
    """Everything that is no folder and not hidden; a link is never followed."""
    for path in folder.iterdir():
        if path.name.startswith("."):
            continue
        if path.is_symlink():
            raise members.refusal(f"{path.name} is a link, and an archive holds files only")
        if path.is_dir():
            yield from _walk(path, members)
        else:
            yield path


def _write(files: dict[str, Path], target: IO[bytes]) -> None:
    with (
        closing(StoredGzip(target)) as stream,
        tarfile.open(
            fileobj=cast("IO[bytes]", stream), mode="w|", format=tarfile.GNU_FORMAT
        ) as tar,
    ):
        for name, path in files.items():
            # The writer's own defaults: owner 0, no names, time 0, readable by all.
            member = tarfile.TarInfo(name)
            with path.open("rb") as content:
                member.size = path.stat().st_size
                tar.addfile(member, content)


@contextmanager
def _disk(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DiskFailed(path=path, reason=error.strerror or str(error)) from error
