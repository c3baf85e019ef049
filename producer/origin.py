"""Origin: where the rows of a manifest come from: a file here or in S3, or a listed prefix."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import NamedTuple, TextIO

from producer.catalogues import (
    OPENERS,
    Catalogue,
    Inventory,
    Recognised,
    open_document,
    opener_of,
    refuse_columns,
    rows_of,
)
from producer.left_out import LeftOut
from producer.lines import open_text
from producer.listing import listed_rows, outside
from producer.rows import Rows
from shared.errors import ManifestUnreadable
from shared.keys import S3Address
from shared.reading import Reading
from shared.s3 import ObjectStore

#: A manifest in S3 is refused above this size.
MAX_MANIFEST_BYTES = 4_000_000_000
#: The ending of what is read whole: an inventory's manifest.json, a list of keys.
DOCUMENT = ".json"


class OpenedRows(NamedTuple):
    """Rows, and the file that they are read from."""

    rows: Rows
    #: None for a prefix.
    catalogue: Catalogue | None

    @property
    def recognised(self) -> Recognised | None:
        """What they were read by, once they were; None for our own form and for a prefix."""
        return self.catalogue.recognised if self.catalogue else None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where rows come from; usable until the `with` of `open_origin` ends."""

    #: As the user named it.
    name: str
    #: The file; None for a prefix.
    path: Path | None
    store: ObjectStore

    @contextmanager
    def opened(
        self, reading: Reading, output: S3Address | None, left_out: LeftOut
    ) -> Iterator[OpenedRows]:
        """The rows as they stand there.

        Raises:
            ManifestUnreadable: There is no such file, or it is no manifest.
            MappingInvalid: Columns are mapped, and there are none.
        """
        if self.path is None:
            refuse_columns(reading, self.name)
            prefix = S3Address.parse_prefix(self.name, kind="manifest")
            yield OpenedRows(listed_rows(prefix, self.store, output, left_out), None)
            return
        with self.catalogue(reading) as catalogue:
            rows = rows_of(catalogue, left_out)
            if isinstance(catalogue, Inventory):  # it lists earlier results too, as a prefix does
                rows = outside(rows, output)
            yield OpenedRows(rows, catalogue)

    @contextmanager
    def catalogue(self, reading: Reading) -> Iterator[Catalogue]:
        """The file as a catalogue; raises as `opened`."""
        path = self.path or Path(self.name)
        if opener := opener_of(self.name):
            with _opened(path, self.name) as stream:
                yield opener(stream, self.name, reading)
        else:
            refuse_columns(reading, self.name)
            yield open_document(path, self.name, self.store)


@contextmanager
def open_origin(name: str, store: ObjectStore) -> Iterator[Origin]:
    """Find what a name means; a file in S3 is fetched.

    Raises:
        ManifestUnreadable: The name is of no file of rows, and of no prefix.
        StorageError: It cannot be fetched.
    """
    suffix = PurePosixPath(name).suffix.lower()
    if suffix in OPENERS or suffix == DOCUMENT:
        with _local(name, store) as path:
            yield Origin(name, path, store)
    elif name.startswith("s3://") and (name.endswith("/") or not suffix):
        yield Origin(name, None, store)
    else:
        endings = ", ".join([*OPENERS, DOCUMENT])
        reason = f"its name ends in none of {endings}, and a prefix ends in a slash"
        raise ManifestUnreadable(manifest=name, reason=reason)


@contextmanager
def _local(name: str, store: ObjectStore) -> Iterator[Path]:
    if not name.startswith("s3://"):
        yield Path(name)
        return
    with tempfile.TemporaryDirectory(prefix="restyle-") as folder:
        path = Path(folder) / "manifest"
        address = S3Address.parse(name, kind="manifest")
        store.download(address, path, max_bytes=MAX_MANIFEST_BYTES)
        yield path


@contextmanager
def _opened(path: Path, name: str) -> Iterator[TextIO]:
    try:
        stream = open_text(path)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ManifestUnreadable(manifest=name, reason=reason) from error
    with stream:
        yield stream
