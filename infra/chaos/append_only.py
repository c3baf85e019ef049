"""What Redis' append-only file tells: every write in order, those of a killed server included.

Scripts are written there by their effects, so a line `HSET …:item:… state done` is an item's end,
whoever asked for it.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from shared.states import FINAL


@dataclass(frozen=True, slots=True)
class Story:
    """What became of the items, as Redis saw it."""

    #: `batch/number` → how often it moved to a final state.
    ends: Counter[str] = field(default_factory=Counter)
    #: `batch/number` → how often it was claimed.
    claims: Counter[str] = field(default_factory=Counter)
    #: Items that were published again, since no claim had followed their message.
    published_again: int = 0


def read_story(folder: Path, namespace: str) -> Story:
    """Read the append-only files in a server's folder."""
    ends, claims = Counter[str](), Counter[str]()
    published, again = set[str](), 0
    item = re.compile(re.escape(namespace) + ":item:(.+):([0-9]+)")
    shelf = f"{namespace}:published:"
    for verb, key, *values in _writes(folder):
        if verb == "HSET" and (found := item.fullmatch(key)) and values[0] == "state":
            name = f"{found[1]}/{found[2]}"
            ends[name] += values[1] in FINAL
            claims[name] += values[1] == "running"
        elif verb == "ZADD" and key.startswith(shelf):
            again += values[1] in published
            published.add(values[1])
        elif verb == "ZREM" and key.startswith(shelf):
            published.discard(values[0])
    return Story(ends, claims, again)


def _writes(folder: Path) -> Iterator[list[str]]:
    """Every write on a key, in order; the last one may be cut short by a kill."""
    for path in sorted(folder.rglob("*.aof")):
        body = path.read_bytes()
        place = 0
        while (command := _command(body, place)) is not None:
            words, place = command
            if len(words) > 2:
                yield words


def _command(body: bytes, place: int) -> tuple[list[str], int] | None:
    """The command at a place of the file, and the place after it; None at the file's end."""
    count, place = _number(body, place, b"*")
    words: list[str] = []
    for _ in range(count):
        size, place = _number(body, place, b"$")
        words.append(body[place : place + size].decode(errors="replace"))
        place += size + 2
    return (words, place) if count and place <= len(body) else None


def _number(body: bytes, place: int, mark: bytes) -> tuple[int, int]:
    end = body.find(b"\r\n", place)
    if end < 0 or body[place : place + 1] != mark:
        return 0, len(body) + 1
    return int(body[place + 1 : end]), end + 2
