"""Identities: the external ids of a manifest with their first rows, on disk when they are many."""

import sqlite3
from typing import Self

#: Memory that SQLite keeps pages in, in kibibytes.
CACHE_KIB = 16_000


class Identities:
    """Remembers ids in bounded memory; `with` closes it."""

    def __init__(self) -> None:
        # Without a name it is a temporary file of SQLite's own, which goes when it is closed.
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.execute(f"pragma cache_size=-{CACHE_KIB}")
        self._db.execute("create table ids (identity text primary key, row integer) without rowid")
        self._db.execute("begin")  # one transaction for all: none of it has to outlive anything

    def first_row(self, identity: str, row: int) -> int:
        """The row that named an id first: this one, if nobody did before."""
        statement = "insert or ignore into ids values (?, ?)"
        if self._db.execute(statement, (identity, row)).rowcount:
            return row
        found = self._db.execute("select row from ids where identity = ?", (identity,)).fetchone()
        return int(found[0])

    def close(self) -> None:
        """Forget all of them."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
