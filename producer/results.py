"""Results of a batch as JSONL and CSV: one row per item, in manifest order.

`results.jsonl` holds every value exactly. `results.csv` is for people and spreadsheets: a cell that
a spreadsheet would run as a formula gets a leading apostrophe.
"""

import csv
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TextIO

from producer.result_row import ResultRow
from producer.unchanged import merged, unchanged_rows
from shared import keys
from shared.board import StatusBoard
from shared.jobs import Item
from shared.s3 import ObjectStore
from shared.states import ItemState

Format = Literal["jsonl", "csv"]

#: Items that are read from the board at a time.
PAGE = 500
#: A spreadsheet runs a cell that starts with one of these (OWASP, "CSV Injection").
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")

#: Columns of what gate and people say.
REVIEW_COLUMNS = ("score", "reasons", "picked", "reason")

CONTENT_TYPES: dict[Format, str] = {
    "jsonl": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8",
}


def each_item(
    board: StatusBoard, batch_id: str, state: ItemState | None = None, *, after: int = -1
) -> Iterator[Item]:
    """Every item of a batch whose number is above `after`, in manifest order, read page by page.

    Raises:
        BatchUnknown: No such batch.
        BoardError: Redis did not answer.
    """
    while page := board.items(batch_id, state=state, after=after, limit=PAGE):
        yield from page
        after = page[-1].spec.number


@contextmanager
def each_row(
    board: StatusBoard, store: ObjectStore, batch_id: str
) -> Iterator[Iterator[ResultRow]]:
    """The row of every item, in manifest order; those that are unchanged come from the record.

    Raises:
        BatchUnknown: No such batch.
        BoardError: Redis did not answer.
        RecordMissing: The unchanged ones are not in the record.
        StorageError: They cannot be read.
    """
    batch = board.status(batch_id).batch
    with unchanged_rows(batch, store) as unchanged:
        rows = (ResultRow.of(item) for item in each_item(board, batch_id))
        yield merged(rows, unchanged)


def write_jsonl(rows: Iterable[ResultRow], sink: TextIO) -> int:
    """Write one JSON object a line; return the number of rows."""
    count = 0
    for count, row in enumerate(rows, start=1):  # noqa: B007 - the last count is the answer
        sink.write(row.model_dump_json() + "\n")
    return count


def write_csv(rows: Iterable[ResultRow], sink: TextIO, *, variants: int) -> int:
    """Write a CSV with a header and columns `variant_1` to `variant_<variants>`.

    Args:
        rows: What to write.
        sink: Opened with `newline=""`.
        variants: The largest number of variants of any row.

    Returns:
        The number of rows.
    """
    pictures = [f"variant_{number}" for number in range(1, variants + 1)]
    head = ["external_id", "source", "state", *pictures]
    tail = ["mask", "sidecar", "fingerprint", "code", "message", "hint", *REVIEW_COLUMNS]
    writer = csv.DictWriter(sink, [*head, *tail], restval="")
    writer.writeheader()
    count = 0
    for count, row in enumerate(rows, start=1):  # noqa: B007 - the last count is the answer
        writer.writerow(_cells(row, pictures))
    return count


def _cells(row: ResultRow, pictures: list[str]) -> dict[str, str]:
    fields = row.model_dump(mode="json", exclude={"variants", "reasons", "earlier"})
    fields["reasons"] = "|".join(row.reasons) or None
    fields |= dict(zip(pictures, row.variants, strict=False))
    return {name: _safe(str(value)) for name, value in fields.items() if value is not None}


def _safe(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell


class Spool:
    """A batch's rows on disk, so that memory does not grow with the batch."""

    def __init__(self, folder: Path, rows: Iterable[ResultRow]) -> None:
        self._folder = folder
        self.jsonl = folder / "results.jsonl"
        #: The largest number of variants of any row; at least one column stands in every CSV.
        self.variants = 1
        with self.jsonl.open("w", encoding="utf-8") as sink:
            self.count = write_jsonl(self._counted(rows), sink)

    def _counted(self, rows: Iterable[ResultRow]) -> Iterator[ResultRow]:
        for row in rows:
            self.variants = max(self.variants, len(row.variants))
            yield row

    def _rows(self) -> Iterator[ResultRow]:
        with self.jsonl.open(encoding="utf-8") as lines:
            for line in lines:
                yield ResultRow.model_validate_json(line)

    def file(self, format: Format) -> Path:  # noqa: A002 - the word that the command uses
        """The rows as a file in a format; it goes with the spool."""
        if format == "jsonl":
            return self.jsonl
        path = self._folder / "results.csv"
        with path.open("w", encoding="utf-8", newline="") as sink:
            write_csv(self._rows(), sink, variants=self.variants)
        return path


@contextmanager
def spooled(rows: Iterable[ResultRow]) -> Iterator[Spool]:
    """The rows of a batch as they stand now, on disk while the context lasts."""
    with tempfile.TemporaryDirectory(prefix="restyle-results-") as folder:
        yield Spool(Path(folder), rows)


def write_results(board: StatusBoard, store: ObjectStore, batch_id: str) -> list[keys.S3Address]:
    """Write results.jsonl and results.csv of a batch beside its results; harmless if repeated.

    Returns:
        The two addresses, JSONL first.

    Raises:
        BatchUnknown: No such batch.
        BoardError: Redis did not answer.
        StorageError: S3 refused, or did not answer.
    """
    output = board.status(batch_id).batch.output
    with each_row(board, store, batch_id) as rows, spooled(rows) as spool:
        return [_upload(spool, store, output, batch_id, name) for name in CONTENT_TYPES]


def _upload(
    spool: Spool,
    store: ObjectStore,
    output: str,
    batch_id: str,
    format: Format,  # noqa: A002
) -> keys.S3Address:
    path = spool.file(format)
    address = keys.batch_file(output, batch_id, path.name)
    store.put_file(address, path, content_type=CONTENT_TYPES[format])
    return address
