"""Faults of this host, told from those of a model: another worker may have it all the same."""

import errno
from pathlib import Path

from shared.errors import ModelInvalid
from shared.references.digest import loadable_files

#: Errors of the system that say nothing of the file that was asked for.
HOST_ERRNOS = frozenset(
    {
        errno.EACCES,
        errno.EPERM,
        errno.EIO,
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOMEM,
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EFBIG,
        errno.EROFS,
        errno.ESTALE,
        errno.ETIMEDOUT,
    }
)


def host_fault(error: BaseException) -> str:
    """Why this host, and not the model, is to blame for an error, or nothing."""
    faults = (one for one in _chain(error) if isinstance(one, OSError))
    return next((str(one) for one in faults if one.errno in HOST_ERRNOS), "")


def unreadable(directory: Path) -> str:
    """Why this host cannot read what lies in a model's directory, or nothing.

    Loaders hide it: safetensors calls every file that it cannot open missing.
    """
    try:
        for path in loadable_files(directory).values():
            with path.open("rb") as file:
                file.read(1)
    except (ModelInvalid, OSError) as error:
        return host_fault(error)
    return ""


def _chain(error: BaseException) -> list[BaseException]:
    """The error, and all that led to it."""
    seen: list[BaseException] = []
    one: BaseException | None = error
    # Whoever raises an error from itself makes a ring of the chain.
    while one is not None and one not in seen:
        seen.append(one)
        one = one.__cause__ or one.__context__
    return seen
