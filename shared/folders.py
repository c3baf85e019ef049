"""Folders of this host, as a setting lists them."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator


def folders(text: str) -> tuple[Path, ...]:
    """The folders of a list that is divided by commas.

    Raises:
        ValueError: One of them is no absolute path, or climbs (`..`).
    """
    found = tuple(Path(part.strip()) for part in text.split(",") if part.strip())
    for folder in found:
        if not folder.is_absolute() or ".." in folder.parts:
            msg = f"{folder} should be an absolute path without .."
            raise ValueError(msg)
    return found


def _known(text: str) -> str:
    folders(text)
    return text


#: Folders as a setting names them, commas between.
FolderList = Annotated[str, AfterValidator(_known)]
