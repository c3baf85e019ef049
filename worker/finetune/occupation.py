"""Occupation: one training at a time writes into an output folder."""

import errno
import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.errors import CheckpointFailed, TrainingInvalid

LOCK = ".lock"
#: Answers of mounts that know no locks; there nobody is kept out.
UNKNOWN = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}


@contextmanager
def occupied(folder: Path) -> Iterator[None]:
    """Keep other trainings out of a folder, which is made if need be, until this process ends.

    Raises:
        TrainingInvalid: Another training is in it, or it cannot be written.
        CheckpointFailed: It cannot be locked.
    """
    path = folder / LOCK
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = path.open("ab")
    except OSError as error:
        reason = f"--output_dir {folder} cannot be made or written ({error.strerror or error})"
        raise TrainingInvalid(reason=reason) from error
    with file:
        _lock(file.fileno(), folder)
        yield


def _lock(number: int, folder: Path) -> None:
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise TrainingInvalid(reason=f"another training writes into {folder}") from error
    except OSError as error:
        if error.errno not in UNKNOWN:
            raise CheckpointFailed(path=folder, reason=str(error).rstrip(".")) from error
