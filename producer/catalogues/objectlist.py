"""ObjectList: the CSV of S3 Batch Operations: Bucket,Key[,VersionId] without a header."""

import itertools
from collections.abc import Iterator
from pathlib import PurePosixPath
from urllib.parse import quote_plus, unquote_plus

from producer.catalogues.entry import Entry, Picture, Recognised
from producer.left_out import IMAGES
from producer.lines import foreign
from producer.problems import RowProblem
from producer.records import Record, Records
from producer.rows import Row
from shared.errors import AddressInvalid
from shared.keys import S3Address

#: How it is shown. What VersionId says is not read: the newest version is rendered.
OBJECT_LIST = Recognised("batch-operations", "S3 Batch Operations CSV", (), ("Bucket", "Key"))


def is_object_list(first: Record) -> bool:
    """Whether a first record is Bucket,Key or Bucket,Key,VersionId of a picture."""
    if len(first.cells) not in (2, 3) or not is_picture(first.cells[1]):
        return False
    try:
        S3Address.parse(f"s3://{first.cells[0]}/")
    except AddressInvalid:
        return False
    return True


def is_picture(key: str) -> bool:
    """Whether a key ends as a picture's does."""
    return PurePosixPath(key).suffix.lower() in IMAGES


def decoded(key: str) -> str:
    """A key as S3's lists encode it: as a form does, a space as `+`."""
    return unquote_plus(key, errors="surrogateescape")


def encoded(key: str) -> str:
    """A key as S3's lists hold it."""
    return quote_plus(key, safe="/")


class ObjectList:
    """The rows of a list of objects."""

    recognised = OBJECT_LIST

    def __init__(self, first: Record, records: Records) -> None:
        self._records = itertools.chain([first], records)

    def entries(self) -> Iterator[Entry]:
        """Every row."""
        for record in self._records:
            if isinstance(record, RowProblem):
                yield Entry("", [record])
            elif record.cells:
                yield _entry(record)


def _entry(record: Record) -> Entry:
    number, cells = record.number, record.cells
    if not 2 <= len(cells) <= 3:
        problem = f"has {len(cells)} cells instead of Bucket,Key or Bucket,Key,VersionId"
        return Entry(record.text, [RowProblem(number, "", problem)])
    if problem := foreign("".join(cells)):
        return Entry(record.text, [RowProblem(number, "", problem)])
    key = decoded(cells[1])
    if not is_picture(key):
        return Entry(record.text, left_out=(number, "no picture"))
    return Entry(record.text, [Picture(Row(number, {"source": f"s3://{cells[0]}/{key}"}))])
