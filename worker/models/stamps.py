"""Stamps: whether a directory's files are still those that were read, told without reading them.

As git's index does it: inode, size and times of each file. What changed shortly before the look
may change again within one tick of the file system's clock, so that young stamps hold for nobody.
"""

import os
import time
from dataclasses import dataclass
from pathlib import Path

from shared.references.digest import loadable_files

#: Files younger than this, in nanoseconds, when they were looked at may have changed unseen since.
YOUNG_NS = 2_000_000_000

Mark = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Stamps:
    """What the system says of a directory's loadable files, and of the folders they lie in."""

    marks: dict[Path, Mark]
    #: Whether no file was young at that look.
    settled: bool

    @classmethod
    def of(cls, directory: Path) -> "Stamps":
        """Look now; whoever reads the files too must look before.

        Raises:
            ModelInvalid: As `loadable_files`.
            OSError: A file went away meanwhile.
        """
        files = loadable_files(directory).values()
        folders = {parent for file in files for parent in _folders(file, directory)}
        marks = {path: _mark(path) for path in (*folders, *files)}
        youngest = max(max(mark[2:]) for mark in marks.values())
        return cls(marks, youngest < time.time_ns() - YOUNG_NS)

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
