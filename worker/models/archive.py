"""Unpacks model archives of anybody's making; torch-free.

`tarfile.extractall` has been fooled again and again, also with filters (CVE-2025-4517): members
are read one by one, only regular files that a model needs are written, under names we check.
"""

import lzma
import os
import re
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from shared.errors import DiskFailed, ModelInvalid
from worker.models.layout import TEXTS, WEIGHTS

#: A model has dozens of members.
MAX_MEMBERS = 10_000
#: Folders a member may lie in: archive root, model, part of the model, and one to spare.
MAX_DEPTH = 4
CHUNK_BYTES = 1 << 20

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")


def unpack(archive: Path, folder: Path, *, reference: str, max_bytes: int) -> None:
    """Write what a model needs from an archive into an empty folder.

    A single folder around everything, as `tar czf model.tar.gz model/` makes it, is dropped.

    Args:
        archive: A tar file, plain or compressed with gzip, bzip2 or xz.
        folder: Where files go; it must exist and be empty.
        reference: Names the model in errors.
        max_bytes: Most bytes that all members may unpack to.

    Raises:
        ModelInvalid: Not a readable archive; a link, device or climbing name in it; too many or
            too large members; nothing in it that belongs to a model.
        DiskFailed: The folder cannot be written.
    """
    count = 0
    with _reading(reference), tarfile.open(archive) as tar:
        for member, path in _wanted(tar, reference, max_bytes):
            content = tar.extractfile(member)
            if content is not None:
                _write(content, folder / path)
                count += 1
    if not count:
        raise _invalid(reference, f"the archive holds no *{WEIGHTS} or {', '.join(TEXTS)} files")
    _drop_wrapping(folder)


def _wanted(
    tar: tarfile.TarFile, reference: str, max_bytes: int
) -> Iterator[tuple[tarfile.TarInfo, PurePosixPath]]:
    """The members to write and their checked paths; everything counts against the caps."""
    total = 0
    seen: set[PurePosixPath] = set()
    for count, member in enumerate(tar, start=1):
        total += member.size
        if count > MAX_MEMBERS or total > max_bytes:
            limit = f"{MAX_MEMBERS} members and {max_bytes} bytes"
            raise _invalid(reference, f"the archive unpacks to more than {limit}")
        path = _path(member, reference)
        if path is None:
            continue
        if path in seen:
            raise _invalid(reference, f"the archive holds {path} twice")
        seen.add(path)
        yield member, path


def _path(member: tarfile.TarInfo, reference: str) -> PurePosixPath | None:
    """Where a member goes; None for folders and for files that no model needs."""
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts:
        raise _invalid(reference, f"the archive's member {member.name!r} leaves its folder")
    if member.isdir():
        return None
    if not member.isreg():
        raise _invalid(reference, f"the archive's member {member.name!r} is no regular file")
    if path.suffix not in (WEIGHTS, *TEXTS) or path.name.startswith("."):
        return None
    if len(path.parts) > MAX_DEPTH or not all(map(_NAME.fullmatch, path.parts)):
        raise _invalid(reference, f"the archive's member {member.name!r} has an odd name")
    return path


def _write(content: IO[bytes], path: Path) -> None:
    """Copy a member; errors of reading pass, those of writing are the disk's."""
    with _writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        target = path.open("xb")
    with target:
        while chunk := content.read(CHUNK_BYTES):
            with _writing(path):
                target.write(chunk)
        with _writing(path):
            target.flush()
            # The folder gets its final name next; a power cut must not leave it half empty.
            os.fsync(target.fileno())


def _drop_wrapping(folder: Path) -> None:
    children = list(folder.iterdir())
    if len(children) != 1 or not children[0].is_dir():
        return
    with _writing(folder):
        wrapping = children[0].rename(folder / ".wrapping")
        for child in wrapping.iterdir():
            child.rename(folder / child.name)
        wrapping.rmdir()


@contextmanager
def _reading(reference: str) -> Iterator[None]:
    try:
        yield
    except (tarfile.TarError, OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise _invalid(reference, f"it is no readable tar archive ({error})") from error


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DiskFailed(path=path, reason=error.strerror or str(error)) from error


def _invalid(reference: str, reason: str) -> ModelInvalid:
    return ModelInvalid(reference=reference, reason=reason, kind="model")
