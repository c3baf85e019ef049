"""Segments: the index's objects in S3, each a gzip of lines; written whole, never changed.

The first line tells the format's version and what the segment's items took; then an entry a line.
"""

import gzip
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field, ValidationError

from producer.index.entries import Entry
from producer.index.history import Measured
from shared.errors import BucketMissing, ObjectMissing, RecordInvalid
from shared.keys import S3Address, index_prefix
from shared.record import Record
from shared.s3 import ObjectStore

#: The format of segments that this release writes; it reads no other.
VERSION = 2
#: A segment above this size is refused; ten million results take less.
MAX_BYTES = 4_000_000_000
#: Few bytes gain little from the slower levels.
LEVEL = 4


class Head(Record):
    """A segment's first line."""

    version: int
    #: What its items took, as far as they were rendered in the batches that it tells of.
    measured: tuple[Measured, ...] = ()
    entries: int = Field(ge=0)


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment that was read into a file of this disk."""

    address: S3Address
    head: Head
    path: Path

    def entries(self) -> Iterator[Entry]:
        """Its entries, as they were written.

        Raises:
            RecordInvalid: It is damaged.
        """
        try:
            with gzip.open(self.path, "rt", encoding="utf-8") as lines:
                next(lines)
                yield from map(Entry.parse, lines)
        except (OSError, EOFError, ValueError) as error:
            raise _damaged(self.address, error) from error


def listed_segments(output: str, store: ObjectStore) -> list[S3Address]:
    """Where the index's segments lie; none where nothing was rendered into this output yet.

    Raises:
        StorageError: It cannot be listed.
    """
    try:
        return [found.address for found in store.list(index_prefix(output))]
    except BucketMissing:
        return []  # the submission says so, in better words


def read_segment(address: S3Address, store: ObjectStore, folder: Path) -> Segment | None:
    """Fetch a segment; None where it was folded into another since it was listed.

    Raises:
        RecordInvalid: It is none, damaged, or of another release.
        StorageError: It cannot be read.
    """
    path = folder / Path(address.key).name
    try:
        store.download(address, path, max_bytes=MAX_BYTES)
    except ObjectMissing:
        return None
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            head = Head.model_validate_json(next(lines, ""))
    except (OSError, EOFError, ValueError) as error:
        raise _damaged(address, error) from error
    if head.version != VERSION:
        remedy = "`restyle index` writes it anew"
        reason = f"it is of version {head.version}, and not of version {VERSION}: {remedy}"
        raise RecordInvalid(record=address, reason=reason)
    return Segment(address, head, path)


def write_segment(
    output: str,
    name: str,
    entries: Iterable[Entry],
    measured: Iterable[Measured],
    store: ObjectStore,
) -> S3Address:
    """Write a segment whole, in bounded memory; an existing one of that name is replaced.

    Args:
        output: The output prefix that the index is of.
        name: The segment's own name, without an ending.
        entries: What it tells; read once, and before `measured`.
        measured: What its items took.
        store: Gets it.

    Raises:
        StorageError: It cannot be written.
    """
    address = index_prefix(output).join(f"{name}.jsonl.gz")
    with tempfile.TemporaryDirectory(prefix="restyle-index-") as folder:
        body, whole = Path(folder) / "entries.gz", Path(folder) / "segment.gz"
        # Without a time of its own, so that the same entries are always the same bytes.
        with body.open("wb") as raw, gzip.GzipFile("", "wb", LEVEL, raw, mtime=0) as sink:
            count = sum(1 for entry in entries if sink.write(f"{entry.dump()}\n".encode()))
        head = Head(version=VERSION, measured=tuple(measured), entries=count)
        # A gzip file may have several members: the first line is known last.
        with whole.open("wb") as sink_bytes:
            sink_bytes.write(gzip.compress(f"{head.model_dump_json()}\n".encode(), mtime=0))
            with body.open("rb") as source:
                while part := source.read(1_000_000):
                    sink_bytes.write(part)
        store.put_file(address, whole, content_type="application/gzip")
    return address


def _damaged(address: S3Address, error: Exception) -> RecordInvalid:
    first = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error
    reason = f"it is no segment of an index ({first}); `restyle index` writes the index anew"
    return RecordInvalid(record=address, reason=reason)
