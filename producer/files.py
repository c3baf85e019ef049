"""Local files that commands write: they appear whole or not at all."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

from shared.errors import FileUnwritable


def write_whole(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Write a file beside its place, then move it there.

    Args:
        path: The file; its folder is made, an existing file is replaced.
        write: Writes the content into the open file.

    Raises:
        FileUnwritable: The folder or the file cannot be written.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as sink:
            write(sink)
        draft.replace(path)
    except OSError as error:
        raise FileUnwritable(path=path, reason=error.strerror or error) from error
    finally:
        with suppress(OSError):  # it was never made, or was moved
            draft.unlink()
