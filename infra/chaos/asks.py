"""Asks: files by which the harness asks its children for faults, each taken by one of them."""

import random
from pathlib import Path


class Asks:
    """A folder of files named `<fault>.<number>`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def ask(self, fault: str, rng: random.Random) -> None:
        """Ask whoever comes first."""
        (self._folder / f"{fault}.{rng.getrandbits(32)}").touch()

    def take(self, fault: str) -> bool:
        """Whether this very call is the one that took an ask away."""
        return any(_is_taken(path) for path in self._folder.glob(f"{fault}.*"))


def _is_taken(path: Path) -> bool:
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    return True
