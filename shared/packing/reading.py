"""Unpacks model archives of anybody's making; torch-free.

`tarfile.extractall` has been fooled again and again, also with filters (CVE-2025-4517): members
are read one by one, only regular files that a model needs are written, under names we check.
"""

import lzma
import os
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from shared.errors import DiskFailed
from shared.packing.layout import TEXTS, WEIGHTS
from shared.packing.rules import CHUNK_BYTES, Members, is_loaded, stranger
from shared.packing.stream import is_gzip, opened

#: What reading a damaged archive may raise; headers that follow headers are read one in another.
FAULTS = (
    tarfile.TarError,
    OSError,
    EOFError,
    ValueError,
    RecursionError,
    zlib.error,
    lzma.LZMAError,
)


def unpack(
    archive: Path, folder: Path, *, reference: str, max_bytes: int, ours: bool = False
) -> None:
    """Write what a model needs from an archive into an empty folder.

    A single folder around everything, as `tar czf model.tar.gz model/` makes it, is dropped.

    Args:
        archive: A tar file, plain or compressed with gzip, bzip2 or xz.
        folder: Where files go; it must exist and be empty.
        reference: Names the model in errors.
        max_bytes: Most bytes that all members may unpack to.
        ours: Whether it must be as `pack` makes one: gzip, no folder around, nothing else in it.

    Raises:
        ModelInvalid: Not a readable archive; a link, device or climbing name in it; too many or
            too large members or headers; nothing in it that belongs to a model.
        DiskFailed: The folder cannot be written.
    """
    count, members = 0, Members(reference, max_bytes)
    with (
        _readable(members),
        opened(archive, max_bytes, members.refusal) as stream,
        tarfile.open(fileobj=stream, mode="r:") as tar,
    ):
        if ours and not is_gzip(archive):
            raise members.refusal("it is no .tar.gz")
        for member, path in _wanted(tar, members, ours=ours):
            content = tar.extractfile(member)
            if content is not None:
                _write(content, folder / path)
                count += 1
    if not count:
        raise members.refusal(f"the archive holds no *{WEIGHTS} or {', '.join(TEXTS)} files")
    if not ours:
        _drop_wrapping(folder)


def _wanted(
    tar: tarfile.TarFile, members: Members, *, ours: bool
) -> Iterator[tuple[tarfile.TarInfo, PurePosixPath]]:
    """The members to write and their checked paths; everything counts against the caps."""
    for member in tar:
        members.count(member.size)
        if member.isdir():
            members.inside(member.name)
            continue
        path = members.path(member.name, is_regular=member.isreg())
        if ours and (reason := stranger(path)):
            raise members.refusal(f"the archive's member {path} {reason}")
        if is_loaded(path):
            members.keep(path)
            yield member, path


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
def _readable(members: Members) -> Iterator[None]:
    try:
        yield
    except FAULTS as error:
        raise members.refusal(f"it is no readable tar archive ({error})") from error


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DiskFailed(path=path, reason=error.strerror or str(error)) from error
