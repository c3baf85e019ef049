"""Attempt: what strangers wrote beside the pixels may cost a note, never the picture."""

from collections.abc import Callable
from typing import TypeVar

Read = TypeVar("Read")

BROKEN = "its {what} is broken and was dropped"


def attempt(what: str, read: Callable[[], Read]) -> tuple[Read | None, tuple[str, ...]]:
    """What is read and no note; or nothing, and a note that names it and the reason."""
    try:
        return read(), ()
    except Exception as error:  # noqa: BLE001 - broken tags make Pillow raise nearly anything
        return None, (f"{BROKEN.format(what=what)} ({type(error).__name__}: {error})",)
