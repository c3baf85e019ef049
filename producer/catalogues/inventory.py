"""Inventory: the lists of an S3 Inventory, named by its manifest.json."""

import gzip
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from producer.catalogues.entry import Entry, Picture, Recognised
from producer.catalogues.objectlist import decoded, is_picture
from producer.lines import Lines
from producer.problems import RowProblem
from producer.records import Record, Records
from producer.rows import Row
from shared.errors import ManifestUnreadable
from shared.keys import S3Address
from shared.s3 import ObjectStore

#: How it is shown.
INVENTORY = Recognised("s3-inventory", "S3 Inventory", (), ("Bucket", "Key"))
#: A list of an inventory is refused above this size, packed.
MAX_LIST_BYTES = 4_000_000_000


class Inventory:
    """The objects of an inventory; rows are counted through all of its lists."""

    recognised = INVENTORY

    def __init__(
        self, name: str, schema: list[str], lists: list[S3Address], store: ObjectStore
    ) -> None:
        self._name = name
        self._schema = schema
        self._lists = lists
        self._store = store

    def entries(self) -> Iterator[Entry]:
        """Every object.

        Raises:
            ManifestUnreadable: A list cannot be unpacked.
            StorageError: A list cannot be fetched.
        """
        number = 0
        for address in self._lists:
            for record in self._records(address):
                number += 1
                yield self._entry(number, record)

    def _records(self, address: S3Address) -> Iterator[Record | RowProblem]:
        with tempfile.TemporaryDirectory(prefix="restyle-") as folder:
            path = Path(folder) / "list"
            self._store.download(address, path, max_bytes=MAX_LIST_BYTES)
            try:
                with gzip.open(path, "rt", encoding="utf-8", newline="") as stream:
                    yield from Records(Lines(stream, str(address)), str(address), lambda _: False)
            except (OSError, EOFError, zlib.error, UnicodeError) as error:
                reason = f"its list {address} is no gzip file, or a broken one"
                raise ManifestUnreadable(manifest=self._name, reason=reason) from error

    def _entry(self, number: int, record: Record | RowProblem) -> Entry:
        if isinstance(record, RowProblem):
            return Entry("", [record._replace(row=number)])
        if len(record.cells) != len(self._schema):
            problem = f"has {len(record.cells)} cells, the schema has {len(self._schema)}"
            return Entry("", [RowProblem(number, "", problem)])
        cells = dict(zip(self._schema, record.cells, strict=True))
        key = decoded(cells["Key"])
        if cells.get("IsLatest") == "false" or cells.get("IsDeleteMarker") == "true":
            return Entry("", left_out=(number, "not current"))
        if not is_picture(key):
            return Entry("", left_out=(number, "no picture"))
        told = {"etag": cells.get("ETag"), "size": cells.get("Size")}
        given = {"source": f"s3://{cells['Bucket']}/{key}"}
        given |= {name: value for name, value in told.items() if value}
        return Entry("", [Picture(Row(number, dict(given)))])


def open_inventory(content: Mapping[str, Any], name: str, store: ObjectStore) -> Inventory:
    """The inventory of a manifest.json.

    Raises:
        ManifestUnreadable: It is no such file, or its lists are no CSV.
        AddressInvalid: It names a list by a key that is none.
    """
    if (form := content.get("fileFormat")) != "CSV":
        reason = f"its lists are {form}, and only those in CSV are read: set up an inventory in CSV"
        raise ManifestUnreadable(manifest=name, reason=reason)
    try:
        schema = [column.strip() for column in content["fileSchema"].split(",")]
        bucket = str(content["destinationBucket"]).rpartition(":")[2]
        lists = [f"s3://{bucket}/{file['key']}" for file in content["files"]]
    except (KeyError, TypeError, AttributeError) as error:
        reason = "it is no manifest.json of an S3 Inventory: fileSchema, destinationBucket or files"
        raise ManifestUnreadable(manifest=name, reason=reason) from error
    if not {"Bucket", "Key"} <= set(schema):
        reason = "its fileSchema lacks Bucket or Key"
        raise ManifestUnreadable(manifest=name, reason=reason)
    return Inventory(name, schema, [S3Address.parse_object(one) for one in lists], store)
