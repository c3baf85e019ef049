"""Writing: files and folders that appear whole or not at all."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from PIL import Image
from safetensors import SafetensorError

from shared.errors import CheckpointFailed

#: What ends the name of what is not whole yet.
PART = ".part"


@contextmanager
def replaced_folder(target: Path) -> Iterator[Path]:
    """An empty folder to fill; on the disk to its last byte, it takes the target's place.

    Raises:
        CheckpointFailed: It cannot be written; the target is as it was.
    """
    fresh = target.with_name(f".{target.name}{PART}")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        fresh.mkdir(parents=True)
        yield fresh
        _settle(fresh)
        shutil.rmtree(target, ignore_errors=True)
        fresh.rename(target)
    except (OSError, SafetensorError) as error:
        shutil.rmtree(fresh, ignore_errors=True)
        reason = " ".join(str(error).split()).rstrip(".")
        raise CheckpointFailed(path=target, reason=reason) from error


def _settle(folder: Path) -> None:
    for path in filter(Path.is_file, folder.rglob("*")):
        path.chmod(0o644)  # safetensors writes for the owner's eyes only
        with path.open("rb") as file:
            os.fsync(file.fileno())


def replaced_file(target: Path, body: bytes) -> None:
    """Write a file whole or not at all.

    Raises:
        CheckpointFailed: It cannot be written.
    """
    fresh = target.with_name(f".{target.name}{PART}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(body)
        fresh.rename(target)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise CheckpointFailed(path=target, reason=str(error).rstrip(".")) from error


def replaced_picture(target: Path, picture: Image.Image) -> None:
    """Write a picture as PNG, in a folder that is made if need be.

    Raises:
        CheckpointFailed: It cannot be written.
    """
    body = BytesIO()
    picture.save(body, "PNG")
    replaced_file(target, body.getvalue())
