"""What the registry keeps: versions, which never change, and aliases with all their moves."""

import re
from datetime import datetime
from typing import Any, Literal

from pydantic import Field, JsonValue

from shared.errors import ModelNameInvalid
from shared.record import Digest, Record

#: What looks like the beginning of a digest is none.
NAME = re.compile(r"(?![0-9a-f]{8,}\Z)[a-z][a-z0-9._-]{0,63}")

#: Moves that an alias remembers; the oldest goes first.
MAX_MOVES = 200


class Version(Record):
    """One archive of a model."""

    version: Literal[1] = 1
    name: str
    #: SHA-256 of the archive.
    digest: Digest
    #: Of the archive, in bytes.
    size: int = Field(ge=0)
    created: datetime
    by: str
    #: Reference of the model that it was made from, and that one's digest.
    base: str | None = None
    parent: str | None = None
    #: The archive's `card.json`.
    card: dict[str, JsonValue] = Field(default_factory=dict)

    @property
    def metrics(self) -> dict[str, Any]:
        """What was measured of it, as its card tells."""
        metrics = self.card.get("metrics")
        return dict(metrics) if isinstance(metrics, dict) else {}


class Move(Record):
    """One move of an alias."""

    #: Where it pointed from then on.
    digest: Digest
    moved_at: datetime
    by: str
    kind: Literal["promote", "rollback"] = "promote"
    #: s3:// address of the sheet of its golden set.
    golden: str | None = None
    #: Why there is none, or what else is to be known, as a clause.
    note: str = ""


class Alias(Record):
    """A name that points to a version, and its moves, the newest last."""

    version: Literal[1] = 1
    moves: tuple[Move, ...] = Field(min_length=1, max_length=MAX_MOVES)

    @property
    def current(self) -> Move:
        """The move that stands."""
        return self.moves[-1]

    @property
    def digest(self) -> str:
        """Where it points."""
        return self.current.digest

    @property
    def before(self) -> str | None:
        """The digest that a rollback leads to: rolling back again goes one further back."""
        trail: list[str] = []
        for move in self.moves:
            if move.kind == "promote":
                trail.append(move.digest)
            elif len(trail) > 1:
                trail.pop()
        return trail[-2] if len(trail) > 1 else None

    def after(self, move: Move) -> "Alias":
        """The alias once it was moved."""
        return Alias(moves=(*self.moves, move)[-MAX_MOVES:])


def check_name(name: str, kind: str) -> str:
    """Let a name pass that a model or an alias may have.

    Args:
        name: Any text.
        kind: `a model` or `an alias`, for people.

    Raises:
        ModelNameInvalid: It may not.
    """
    if not NAME.fullmatch(name):
        raise ModelNameInvalid(name=name, kind=kind)
    return name
