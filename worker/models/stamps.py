"""Stamps: whether a directory's files are still those that were read, told without reading them.

As git's index does it: inode, size and times of each file. What changed shortly before the look
may change again within one tick of the file system's clock, so that young stamps hold for nobody.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from shared.references.digest import loadable_files

#: Files whose times are nearer than this to the look's, in nanoseconds, may change unseen after it.
#: Nearer, not only younger: where the clock went back, old times lie ahead of it, and what changes
#: then gets others.
YOUNG_NS = 2_000_000_000

Mark = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Stamps:
    """What the system says of a directory's loadable files, and of the folders they lie in."""

    marks: dict[Path, Mark]
    #: Whether no file was young at that look.
    settled: bool

    @classmethod
    def of(cls, directory: Path, clock: Callable[[], int] = time.time_ns) -> "Stamps":
        """Look now; whoever reads the files too must look before.

        Args:
            directory: Whose files.
            clock: The one that the file system takes its times from, in nanoseconds.

        Raises:
            ModelInvalid: As `loadable_files`.
            OSError: A file went away meanwhile.
        """
        files = loadable_files(directory).values()
        folders = {parent for file in files for parent in _folders(file, directory)}
        marks = {path: _mark(path) for path in (*folders, *files)}
        now = clock()
        settled = all(abs(now - at) > YOUNG_NS for mark in marks.values() for at in mark[2:])
        return cls(marks, settled)

    def hold(self) -> bool:
        """Whether the files are surely still the same; costs a call of the system for each."""
        try:
            return self.settled and all(_mark(path) == mark for path, mark in self.marks.items())
        except OSError:
            return False


def _folders(file: Path, directory: Path) -> list[Path]:
    """From the file's own up to the directory: a file that is added changes its folder."""
    parents = list(file.parents)
    return parents[: parents.index(directory) + 1]


def _mark(path: Path) -> Mark:
    found = os.stat(path)  # noqa: PTH116 - a Path's own method takes three times as long
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
