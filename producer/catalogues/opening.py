"""Opening: a file of rows in whatever form it is, told by its name and its beginning."""

from collections.abc import Callable
from pathlib import PurePosixPath
from typing import TextIO

from producer.catalogues.entry import Catalogue
from producer.catalogues.kind import KNOWN_NAMES
from producer.catalogues.objectlist import ObjectList, is_object_list
from producer.catalogues.objects import Objects
from producer.catalogues.table import BrokenTable, table_of
from producer.lines import Lines
from producer.records import Record, Records, plain_name
from producer.rows import COLUMNS
from shared.errors import MappingInvalid
from shared.reading import Reading


def open_csv(stream: TextIO, name: str, reading: Reading) -> Catalogue:
    """A CSV: comma, semicolon or tab, whichever its first line has.

    Raises:
        ManifestUnreadable: The file is no text, or its header has no end.
    """
    mapped = {plain_name(one) for names in reading.columns.values() for one in names}
    known = KNOWN_NAMES | mapped | {plain_name(one) for one in COLUMNS}
    records = Records(Lines(stream, name), name, lambda word: word in known)
    first = next(records, None)
    if first is None:
        return BrokenTable([])
    if isinstance(first, Record) and not mapped and is_object_list(first):
        return ObjectList(first, records)
    return table_of(first, records, reading.columns)


def open_objects(stream: TextIO, name: str, reading: Reading) -> Catalogue:
    """JSON Lines: an object a line.

    Raises:
        ManifestUnreadable: The file is no text.
        MappingInvalid: Columns are mapped, and there are none.
    """
    refuse_columns(reading, name)
    return Objects(Lines(stream, name))


def refuse_columns(reading: Reading, name: str) -> None:
    """Let a reading pass that maps no columns.

    Raises:
        MappingInvalid: It maps some.
    """
    if reading.columns:
        given = " ".join(f"{target}={','.join(names)}" for target, names in reading.columns.items())
        raise MappingInvalid(given=given, reason=f"{name} is no CSV and has no columns")


#: How a file of rows is opened, by its ending.
OPENERS: dict[str, Callable[[TextIO, str, Reading], Catalogue]] = {
    ".csv": open_csv,
    ".tsv": open_csv,
    ".txt": open_csv,
    ".jsonl": open_objects,
    ".ndjson": open_objects,
    ".manifest": open_objects,
}


def opener_of(name: str) -> Callable[[TextIO, str, Reading], Catalogue] | None:
    """How a file of this name is opened; None where its ending is of no file of rows."""
    return OPENERS.get(PurePosixPath(name).suffix.lower())
