"""The book: a plan's working tables, on disk, so that its memory does not grow with a catalogue."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Self

from producer.index import Entry

#: Memory that SQLite keeps pages in, in kibibytes.
CACHE_KIB = 64_000
#: Rows that are written at a time.
SLICE = 5_000

_TABLES = """
create table earlier (
    id integer primary key, external_id text not null, style text not null, at text not null,
    source text not null, named integer not null default 0, entry text not null,
    batch text not null, rejected integer not null, unique (external_id, style));
create table objects (address text primary key, etag text, size integer) without rowid;
create table pending (
    external_id text not null, style text not null, batch text not null,
    primary key (external_id, style)) without rowid;
create table verdicts (
    position integer primary key, kind text not null, reasons text not null, entry integer);
"""

_NOTE_EARLIER = """
insert into earlier (external_id, style, at, source, entry, batch, rejected)
values (?, ?, ?, ?, ?, ?, ?)
on conflict (external_id, style) do update set at = excluded.at, source = excluded.source,
    entry = excluded.entry, batch = excluded.batch, rejected = excluded.rejected
where case when excluded.batch <> earlier.batch and excluded.rejected <> earlier.rejected
    then earlier.rejected else excluded.at >= earlier.at end
"""


def _earlier_row(one: Entry) -> tuple[object, ...]:
    told = (one.external_id, one.style, one.at, one.source, one.dump())
    return (*told, one.batch, int(one.rejected))


class Book:
    """Earlier results, objects' identities, what waits elsewhere, and the verdict on each row."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    @classmethod
    @contextmanager
    def opened(cls) -> Iterator[Self]:
        """An empty book, in a temporary file that goes with it."""
        # Without a name it is a temporary file of SQLite's own, which goes when it is closed.
        with closing(sqlite3.connect("", isolation_level=None)) as connection:
            connection.execute(f"pragma cache_size=-{CACHE_KIB}")
            connection.executescript(_TABLES)
            yield cls(connection)

    def _write(self, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
        self._db.execute("begin")
        self._db.executemany(statement, rows)
        self._db.execute("commit")

    # --- earlier results

    def add_earlier(self, entries: Iterable[Entry]) -> None:
        """Note earlier results; of each item and style the newest stays.

        What was rejected takes nothing from a result that another batch has.
        """
        self._write(_NOTE_EARLIER, map(_earlier_row, entries))

    def has_earlier(self) -> bool:
        """Whether there is any earlier result."""
        return self._db.execute("select 1 from earlier limit 1").fetchone() is not None

    def earlier(self, external_id: str) -> list[tuple[int, Entry]]:
        """The results of an item under any style, the newest first, with their numbers here."""
        rows = self._db.execute(
            "select id, entry from earlier where external_id = ? order by at desc, id desc",
            (external_id,),
        )
        return [(number, Entry.parse(entry)) for number, entry in rows]

    def entry(self, number: int) -> Entry:
        """The earlier result of a number."""
        row = self._db.execute("select entry from earlier where id = ?", (number,)).fetchone()
        return Entry.parse(row[0])

    def entries(self) -> Iterator[Entry]:
        """Every earlier result."""
        for (entry,) in self._db.execute("select entry from earlier order by id"):
            yield Entry.parse(entry)

    def note_named(self, numbers: Iterable[int]) -> None:
        """Note earlier results whose items the manifest names."""
        rows = ((number,) for number in numbers)
        self._write("update earlier set named = 1 where id = ?", rows)

    def unnamed_sources(self) -> Iterator[str]:
        """The sources of earlier results that the manifest does not name."""
        found = self._db.execute("select distinct source from earlier where named = 0")
        return (source for (source,) in found)

    def orphans(self) -> Iterator[Entry]:
        """Earlier results that the manifest does not name and whose source was not found."""
        rows = self._db.execute(
            "select entry from earlier join objects on objects.address = earlier.source "
            "where named = 0 and etag is null group by earlier.source, external_id "
            "having id = max(id) order by earlier.source"
        )
        return (Entry.parse(entry) for (entry,) in rows)

    def orphaned_rows(self) -> Iterator[Entry]:
        """Earlier results of rows whose source is gone, in the manifest's order."""
        rows = self._db.execute(
            "select earlier.entry from verdicts join earlier on earlier.id = verdicts.entry "
            "where kind = 'orphaned' order by position"
        )
        return (Entry.parse(entry) for (entry,) in rows)

    # --- objects

    def ask_for(self, addresses: Iterable[str]) -> None:
        """Note objects whose identities are wanted."""
        rows = ((address,) for address in addresses)
        self._write("insert or ignore into objects (address) values (?)", rows)

    def unknown_objects(self) -> Iterator[str]:
        """Wanted objects that were not found yet, in the order in which S3 lists them."""
        after = ""
        statement = (
            "select address from objects where etag is null and address > ? "
            "order by address limit ?"
        )
        # Slice by slice: what is found is written while this goes on.
        while rows := self._db.execute(statement, (after, SLICE)).fetchall():
            yield from (address for (address,) in rows)
            after = rows[-1][0]

    def found(self, objects: Iterable[tuple[str, str, int]]) -> None:
        """Note the ETag and the size in bytes of objects, by address."""
        rows = ((etag, size, address) for address, etag, size in objects)
        self._write("update objects set etag = ?, size = ? where address = ?", rows)

    def identity(self, address: str) -> tuple[str, int] | None:
        """ETag and size of an object; None where it was not found."""
        row = self._db.execute(
            "select etag, size from objects where address = ? and etag is not null", (address,)
        ).fetchone()
        return (row[0], row[1]) if row else None

    # --- what waits in other batches

    def add_pending(self, items: Iterable[tuple[str, str, str]]) -> None:
        """Note items that wait elsewhere: external id, digest of their style, batch."""
        self._write("insert or replace into pending values (?, ?, ?)", items)

    def has_pending(self) -> bool:
        """Whether anything waits elsewhere."""
        return self._db.execute("select 1 from pending limit 1").fetchone() is not None

    def pending(self, external_id: str, style: str) -> str | None:
        """The batch in which an item waits under this style."""
        row = self._db.execute(
            "select batch from pending where external_id = ? and style = ?", (external_id, style)
        ).fetchone()
        return str(row[0]) if row else None

    # --- verdicts

    def judge(self, verdicts: Iterable[tuple[int, str, str, int | None]]) -> None:
        """Note verdicts: position of the row, kind, reasons, number of the earlier result."""
        self._write("insert into verdicts values (?, ?, ?, ?)", verdicts)

    def verdicts(self) -> Iterator[tuple[int, str, str, int | None]]:
        """Every verdict, in the manifest's order."""
        yield from self._db.execute("select * from verdicts order by position")
