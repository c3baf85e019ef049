"""Verdicts: what becomes of each row, and why."""

from enum import StrEnum
from typing import NamedTuple

from producer.index import Entry
from shared.jobs import ItemSpec


class Kind(StrEnum):
    """What a plan makes of a row."""

    #: No earlier result.
    NEW = "new"
    #: An earlier result that no longer holds.
    CHANGED = "changed"
    #: An earlier result that still holds.
    UNCHANGED = "unchanged"
    #: An earlier result whose source is gone.
    ORPHANED = "orphaned"
    #: It waits in another batch already.
    PENDING = "pending"


#: What is rendered.
QUEUED = frozenset({Kind.NEW, Kind.CHANGED})
#: What a batch is made of.
ITEMS = QUEUED | {Kind.UNCHANGED}


class Planned(NamedTuple):
    """A row with the verdict on it."""

    spec: ItemSpec
    kind: Kind
    #: Of a changed one: source, mask, style, model, renderer, result; of a pending one its batch.
    reasons: tuple[str, ...] = ()
    #: The earlier result, where there is one.
    earlier: Entry | None = None


class Orphan(NamedTuple):
    """A result whose source is gone."""

    external_id: str
    source: str
    #: s3:// addresses of its variants.
    variants: tuple[str, ...]
