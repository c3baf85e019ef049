"""Moving: an alias points to another version, if it still points where its mover saw it point."""

from datetime import UTC, datetime

from producer.turn import turn_for
from shared.board import StatusBoard
from shared.errors import NothingBefore, ObjectMissing, RegistryConflict, SourceChanged
from shared.registry import Alias, Move, PinnedAlias, Registry

JSON = "application/json"


def promotion(digest: str, by: str, *, golden: str | None = None, note: str = "") -> Move:
    """A move to a version.

    Args:
        digest: The version's.
        by: Who moves it.
        golden: s3:// address of the sheet of its golden set.
        note: What else is to be known, as a clause.
    """
    now = datetime.now(UTC)
    return Move(digest=digest, moved_at=now, by=by, golden=golden, note=note)


def back(name: str, alias: str, seen: PinnedAlias, by: str) -> Move:
    """The move back to the version before; once more goes one further back.

    Raises:
        NothingBefore: There is none.
    """
    before = seen.alias.before
    if before is None:
        raise NothingBefore(name=name, alias=alias)
    return Move(digest=before, moved_at=datetime.now(UTC), by=by, kind="rollback")


def move(
    name: str,
    alias: str,
    seen: PinnedAlias | None,
    step: Move,
    registry: Registry,
    board: StatusBoard,
) -> Alias:
    """Move an alias, or make it.

    Args:
        name: The model's.
        alias: Which of its aliases.
        seen: The alias as its mover saw it; None where there was none.
        step: Where it goes.
        registry: Where it lies.
        board: Gives the turn, since not every S3 server checks a condition.

    Raises:
        RegistryConflict: Somebody else moved it since.
        VersionUnknown: There is no such version.
        BoardError: Redis did not answer.
        StorageError: S3 refused.
    """
    registry.version(name, step.digest)
    address = registry.keys(name).alias(alias)
    moved = seen.alias.after(step) if seen else Alias(moves=(step,))
    etag = seen.etag if seen else None
    body = moved.model_dump_json(indent=1).encode()
    with turn_for(str(address), board):
        found = registry.find_alias(name, alias)
        if (found.etag if found else None) != etag:
            raise RegistryConflict(name=name, alias=alias)
        try:
            registry.store.put_if(address, body, content_type=JSON, etag=etag)
        except (SourceChanged, ObjectMissing) as error:
            raise RegistryConflict(name=name, alias=alias) from error
    return moved
