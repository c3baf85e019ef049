"""Unchanged: the rows of a batch whose earlier results still hold, read back from its record."""

import gzip
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from producer.origin import MAX_MANIFEST_BYTES
from producer.record import unchanged_address
from producer.result_row import ResultRow
from shared.errors import ObjectMissing, RecordInvalid, RecordMissing
from shared.jobs import Batch
from shared.s3 import ObjectStore


@contextmanager
def unchanged_rows(batch: Batch, store: ObjectStore) -> Iterator[Iterator[tuple[int, ResultRow]]]:
    """The rows of a batch's unchanged items, each with its place among all of its items.

    Raises:
        RecordMissing: The batch has some, and they are not in its record.
        RecordInvalid: They are damaged.
        StorageError: They cannot be read.
    """
    if not batch.unchanged:
        yield iter(())
        return
    address = unchanged_address(batch)
    with tempfile.TemporaryDirectory(prefix="restyle-") as folder:
        path = Path(folder) / "unchanged.gz"
        try:
            store.download(address, path, max_bytes=MAX_MANIFEST_BYTES)
        except ObjectMissing as error:
            raise RecordMissing(record=address) from error
        yield _read(path, str(address))


def _read(path: Path, name: str) -> Iterator[tuple[int, ResultRow]]:
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                place, fields = json.loads(line)
                yield int(place), ResultRow.model_validate(fields)
    except (OSError, EOFError, ValueError, TypeError) as error:
        raise RecordInvalid(record=name, reason=f"it is damaged ({error})") from error


def merged(
    rows: Iterator[ResultRow], unchanged: Iterator[tuple[int, ResultRow]]
) -> Iterator[ResultRow]:
    """The rows of all items of a batch in the manifest's order."""
    held = next(unchanged, None)
    for place in count():
        if held and held[0] == place:
            yield held[1]
            held = next(unchanged, None)
        elif (row := next(rows, None)) is not None:
            yield row
        elif held is None:
            return
