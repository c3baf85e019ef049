"""LeftOut: what of a manifest is no row on purpose, counted by reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

#: What is left out and named; the others are counted.
NAMED = 3

#: Endings of keys that count as pictures.
IMAGES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".tif", ".tiff", ".gif", ".avif"}
)


class _Words(NamedTuple):
    """How a reason is told of one and of many."""

    one: str
    many: str


_ENDINGS = ", ".join(sorted(IMAGES))
#: Reason → what is said of it after the count, before the names.
REASONS: Mapping[str, _Words] = {
    "ending": _Words(
        f"object under the prefix was left out, as its name ends in none of {_ENDINGS}",
        f"objects under the prefix were left out, as their names end in none of {_ENDINGS}",
    ),
    "no picture": _Words(
        f"listed object was left out, as its name ends in none of {_ENDINGS}",
        f"listed objects were left out, as their names end in none of {_ENDINGS}",
    ),
    "no image": _Words(
        "row names no picture and was left out", "rows name no picture and were left out"
    ),
    "not included": _Words(
        "picture was left out, as no --include matches it",
        "pictures were left out, as no --include matches them",
    ),
    "excluded": _Words("picture was left out by --exclude", "pictures were left out by --exclude"),
    "not current": _Words(
        "old version or delete marker was left out", "old versions and delete markers were left out"
    ),
}


@dataclass(slots=True)
class _Pile:
    """What was left out for one reason."""

    count: int = 0
    #: The first of them.
    names: list[str] = field(default_factory=list)


@dataclass(slots=True)
class LeftOut:
    """What of a manifest is no row, and why."""

    _piles: dict[str, _Pile] = field(default_factory=dict)

    def add(self, name: str, reason: str = "ending") -> None:
        """Count one in, for one of `REASONS`."""
        pile = self._piles.setdefault(reason, _Pile())
        pile.count += 1
        if len(pile.names) < NAMED:
            pile.names.append(name)

    @property
    def count(self) -> int:
        """All of it."""
        return sum(self.reasons.values())

    @property
    def reasons(self) -> dict[str, int]:
        """Reason → how many."""
        return {reason: pile.count for reason, pile in self._piles.items()}

    @property
    def note(self) -> str:
        """What a person should know of it, as a clause; empty where nothing was left out."""
        return "; ".join(_clause(reason, pile) for reason, pile in self._piles.items())


def _clause(reason: str, pile: _Pile) -> str:
    words, rest = REASONS[reason], ", …" if pile.count > NAMED else ""
    said = words.one if pile.count == 1 else words.many
    return f"{pile.count:,} {said}: {', '.join(pile.names)}{rest}"
