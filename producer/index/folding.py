"""Folding: many segments become one, while others write and read the index."""

import hashlib
from collections.abc import Iterable, Sequence

from producer.index.entries import Entry
from producer.index.history import Measured
from producer.index.segments import write_segment
from shared.keys import S3Address, index_prefix
from shared.s3 import ObjectStore

#: From so many segments on, reading them costs more than folding them.
MANY = 16


def fold(
    output: str,
    read: Sequence[S3Address],
    entries: Iterable[Entry],
    measured: Iterable[Measured],
    store: ObjectStore,
) -> S3Address:
    """Write what was read of some segments as one, then remove these.

    Nobody is in anybody's way: an entry that is told twice is told once, so a reader that meets the
    new segment beside the old ones reads the same; one that comes too late for an old segment lists
    anew; and only what was read is removed, so that nothing written meanwhile is lost. What they
    took is told twice while a crash leaves old segments behind: a forecast's mean stays the same.

    Args:
        output: The output prefix that the index is of.
        read: The segments that the entries are of.
        entries: Of each item and style the newest.
        measured: What all of them took.
        store: Has the index.

    Raises:
        StorageError: It cannot be written.
    """
    # Whoever may not remove anything must not add a copy of the index each night.
    store.delete(index_prefix(output).join("_none"))
    mark = hashlib.sha256("\n".join(sorted(map(str, read))).encode()).hexdigest()[:12]
    # No batch's id begins with an underscore.
    folded = write_segment(output, f"_folded-{mark}", entries, measured, store)
    for address in read:
        if address != folded:
            store.delete(address)
    return folded
