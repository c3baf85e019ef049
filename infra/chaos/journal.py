"""Journal: a line for whatever a child did that no crash may make unseen."""

import os
from pathlib import Path
from typing import Literal

#: `started OWNER`, `painted ITEM`, `accepted BATCH NUMBER FENCE`, `frozen BATCH NUMBER`.
Kind = Literal["started", "painted", "accepted", "frozen"]


class Journal:
    """Appends lines, each in one write: a killed process leaves whole lines only."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def note(self, kind: Kind, *words: object) -> None:
        """Append a line."""
        line = " ".join(map(str, (kind, *words)))
        os.write(self._file, f"{line}\n".encode())


def entries(path: Path, kind: Kind) -> list[list[str]]:
    """The words of every line of a kind, in order."""
    lines = path.read_text().splitlines() if path.exists() else []
    words = (line.split(" ") for line in lines)
    return [rest for first, *rest in words if first == kind]
