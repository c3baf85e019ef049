"""Writing: files and folders that appear whole or not at all."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from PIL import Image
from safetensors import SafetensorError

from shared.errors import CheckpointFailed

#: What ends the name of what is not whole yet, and of what was until just now.
PART, OLD = ".part", ".old"
#: Answers of mounts on which names need no sync of their own.
NAMELESS = {errno.EINVAL, errno.EOPNOTSUPP}


@contextmanager
def replaced_folder(target: Path) -> Iterator[Path]:
    """An empty folder to fill; on the disk to its last byte, it takes the target's place.

    Raises:
        CheckpointFailed: It cannot be written; the target is as it was.
    """
    fresh = target.with_name(f".{target.name}{PART}")
    try:
        _recover(target)
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        yield fresh
        _settle(fresh)
        _exchange(fresh, target)
    except (OSError, SafetensorError) as error:
        shutil.rmtree(fresh, ignore_errors=True)
        reason = " ".join(str(error).split()).rstrip(".")
        raise CheckpointFailed(path=target, reason=reason) from error


def replaced_file(target: Path, body: bytes) -> None:
    """Write a file whole or not at all.

    Raises:
        CheckpointFailed: It cannot be written.
    """
    fresh = target.with_name(f".{target.name}{PART}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(body)
        _sync(fresh)
        fresh.rename(target)
        _sync(target.parent)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise CheckpointFailed(path=target, reason=str(error).rstrip(".")) from error


def _old(target: Path) -> Path:
    return target.with_name(f".{target.name}{OLD}")


def _recover(target: Path) -> None:
    """Put back what a run that was killed had set aside, or remove it where it was replaced."""
    if target.exists():
        shutil.rmtree(_old(target), ignore_errors=True)
    elif _old(target).exists():
        _old(target).rename(target)


def _exchange(fresh: Path, target: Path) -> None:
    """Nothing of the target goes before its successor is there."""
    if target.exists():
        target.rename(_old(target))
    try:
        fresh.rename(target)
    finally:
        _recover(target)
    _sync(target.parent)


def _settle(folder: Path) -> None:
    """All of a folder, names and bytes, on the disk."""
    for path in [*folder.rglob("*"), folder]:
        if path.is_file():
            path.chmod(0o644)  # safetensors writes for the owner's eyes only
        _sync(path)


def _sync(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    except OSError as error:
        if not path.is_dir() or error.errno not in NAMELESS:
            raise
    finally:
        os.close(number)


def replaced_picture(target: Path, picture: Image.Image) -> None:
    """Write a picture as PNG, in a folder that is made if need be.

    Raises:
        CheckpointFailed: It cannot be written.
    """
    body = BytesIO()
    picture.save(body, "PNG")
    replaced_file(target, body.getvalue())
