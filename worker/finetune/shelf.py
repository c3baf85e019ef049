"""A shelf: the files of a folder or of an s3:// prefix, by their names; torch-free."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from shared.errors import TrainingInvalid
from shared.keys import S3Address
from shared.s3 import ObjectStore


class Shelf(Protocol):
    """Files that lie together, none of them in a folder below."""

    @property
    def place(self) -> str:
        """Where, for people."""

    def names(self) -> list[str]:
        """The files' names, sorted; hidden ones (`.DS_Store`, `._a.jpg`) are left out."""

    def read(self, name: str) -> bytes:
        """A file's bytes."""


@dataclass(frozen=True, slots=True)
class FolderShelf:
    """A folder of this host."""

    folder: Path

    @property
    def place(self) -> str:
        """See `Shelf.place`."""
        return str(self.folder)

    def names(self) -> list[str]:
        """See `Shelf.names`."""
        paths = self.folder.iterdir() if self.folder.is_dir() else ()
        return _shown(path.name for path in paths if path.is_file())

    def read(self, name: str) -> bytes:
        """See `Shelf.read`."""
        return (self.folder / name).read_bytes()


@dataclass(frozen=True, slots=True)
class PrefixShelf:
    """What lies directly under a prefix in S3."""

    prefix: S3Address
    store: ObjectStore
    #: Largest file that is read, in bytes.
    max_bytes: int

    @property
    def place(self) -> str:
        """See `Shelf.place`."""
        return str(self.prefix)

    def names(self) -> list[str]:
        """See `Shelf.names`."""
        listed = self.store.list(self.prefix, below=False)
        return _shown(info.address.key.rpartition("/")[2] for info in listed)

    def read(self, name: str) -> bytes:
        """See `Shelf.read`.

        Raises:
            StorageError: S3 does not serve it.
        """
        return self.store.get(self.prefix.join(name), max_bytes=self.max_bytes)


def open_shelf(
    place: str, connect: Callable[[], ObjectStore], *, max_bytes: int, must_exist: bool = True
) -> Shelf:
    """The shelf of a folder or of an s3:// prefix.

    Args:
        place: As a flag names it.
        connect: Makes a store, where one is needed.
        max_bytes: Largest file that is read.
        must_exist: Whether a folder that is not there is refused; else it is empty.

    Raises:
        TrainingInvalid: There is no such folder.
        AddressInvalid: No usable prefix.
    """
    if place.startswith("s3://"):
        return PrefixShelf(S3Address.parse_prefix(place), connect(), max_bytes)
    if must_exist and not Path(place).is_dir():
        raise TrainingInvalid(reason=f"there is no folder {place}")
    return FolderShelf(Path(place))


def _shown(names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if name and not name.startswith("."))
