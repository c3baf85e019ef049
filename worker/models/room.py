"""Room: the cache of unpacked archives within its bytes; torch-free.

What is in use is held by a shared lock on a file beside its folder, which the system releases
when the holder dies; whoever makes room takes only what nobody holds, the longest unused first.
Not covered: while an archive is fetched, its packed form lies there too.
"""

import fcntl
import os
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import structlog

log = structlog.get_logger()

_DIGEST = re.compile("[0-9a-f]{64}")
#: Beside a folder: locked by who uses it, and by who fetches or removes it.
USE, LOCK = ".use", ".lock"
#: What a folder is called while it is removed, or not whole yet.
GONE, PART = ".gone", ".part"
#: Locked by who makes room: two at once would remove twice as much.
ROOM = "room.lock"


class Room:
    """The folders of one cache; any number of threads and processes may use it."""

    def __init__(self, home: Path, max_bytes: int | None) -> None:
        """Remove nothing yet.

        Args:
            home: The folder that archives are unpacked in, each under its digest.
            max_bytes: Most bytes of all of them; None for no bound.
        """
        self._home = home
        self._max_bytes = max_bytes

    @contextmanager
    def held(self, digest: str) -> Iterator[None]:
        """While the context lasts, nobody removes the folder of a digest, there or to come."""
        with ExitStack() as held:
            try:
                self._home.mkdir(parents=True, exist_ok=True)
                file = held.enter_context((self._home / (digest + USE)).open("ab"))
                fcntl.flock(file, fcntl.LOCK_SH)
                os.utime(file.fileno())
            except OSError as error:
                # A cache that this host cannot write is one that nobody here removes from.
                log.debug("the cache cannot be locked", path=str(self._home), reason=str(error))
            yield

    def make(self, incoming_bytes: int = 0, *, keep: str) -> None:
        """Remove what was not used for longest, until the rest is within the bound.

        Args:
            incoming_bytes: What is about to come.
            keep: The digest that room is made for.

        Raises:
            OSError: The cache cannot be read or locked.
        """
        if self._max_bytes is None:
            return
        with (self._home / ROOM).open("wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            self._sweep()
            folders = [path for path in self._home.iterdir() if _DIGEST.fullmatch(path.name)]
            sizes = {folder: _bytes(folder) for folder in folders}
            over = sum(sizes.values()) + incoming_bytes - self._max_bytes
            for folder in sorted(sizes, key=_last_used):
                if over > 0 and folder.name != keep and self._removed(folder):
                    over -= sizes[folder]
                    log.info("model leaves the cache", digest=folder.name, bytes=sizes[folder])

    def _removed(self, folder: Path) -> bool:
        """Remove a folder, unless somebody uses it or is at it."""
        with _free(folder.with_suffix(LOCK)) as nobody_fetches:
            if not nobody_fetches:
                return False
            with _free(folder.with_suffix(USE)) as nobody_uses:
                if not nobody_uses:
                    return False
                gone = folder.rename(folder.with_suffix(GONE))
        shutil.rmtree(gone, ignore_errors=True)
        return True

    def _sweep(self) -> None:
        """Remove what processes left that died while they fetched or removed."""
        for path in self._home.glob(f"*{GONE}"):
            shutil.rmtree(path, ignore_errors=True)
        for path in self._home.glob(f"*{PART}"):
            with _free(path.with_suffix(LOCK)) as nobody_fetches:
                if nobody_fetches:
                    shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _free(path: Path) -> Iterator[bool]:
    """Lock a file if nobody has; tells whether."""
    with path.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def _last_used(folder: Path) -> float:
    used = folder.with_suffix(USE)
    return (used if used.exists() else folder).stat().st_mtime


def _bytes(folder: Path) -> int:
    """Of all files; one that goes meanwhile has none."""
    total = 0
    for path in folder.rglob("*"):
        try:
            found = path.lstat()
        except OSError:
            continue
        total += found.st_size if stat.S_ISREG(found.st_mode) else 0
    return total
