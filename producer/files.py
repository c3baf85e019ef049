"""Local files that commands write: where a person says, whole or not at all."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

from shared.errors import FileUnwritable


def local_path(text: str) -> Path:
    """The path that a person gave for a file of this disk.

    Raises:
        FileUnwritable: It is an address.
    """
    if "://" in text:
        raise FileUnwritable(path=text, reason="this command writes files on this disk only")
    return Path(text)


def write_whole(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Write a file beside its place, then move it there.

    Args:
        path: The file, in a folder that is there; an existing file is replaced.
        write: Writes the content into the open file.

    Raises:
        FileUnwritable: The folder is not there, or the file cannot be written.
    """
    if not path.parent.is_dir():
        raise FileUnwritable(path=path, reason=f"there is no folder {path.parent}")
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("wb") as sink:
            write(sink)
        draft.replace(path)
    except OSError as error:
        raise FileUnwritable(path=path, reason=error.strerror or error) from error
    finally:
        with suppress(OSError):  # it was never made, or was moved
            draft.unlink()
