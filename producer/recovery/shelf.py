"""Shelf: the results' files that lie under an output, as one listing told of them."""

from collections.abc import Callable, Iterator

from shared.keys import ResultKeys, S3Address
from shared.s3 import ObjectStore
from shared.s3.info import ObjectInfo

#: Listed objects between two calls of a progress callback.
PROGRESS_OBJECTS = 10_000


class Shelf:
    """What lies there, without a request for each item."""

    def __init__(self) -> None:
        self._sizes: dict[S3Address, int] = {}
        self._sidecars: list[ObjectInfo] = []

    @classmethod
    def read(
        cls,
        output: S3Address,
        store: ObjectStore,
        *,
        wanted: Callable[[ResultKeys, ObjectInfo], bool],
        progress: Callable[[int], None] = lambda _objects: None,
    ) -> "Shelf":
        """List an output prefix, a thousand objects a request.

        Args:
            output: The prefix; folders below it hold no results of its own.
            store: Lists it.
            wanted: Picks what is kept in memory.
            progress: Called now and then with the number of listed objects.

        Raises:
            StorageError: It may not be listed, or S3 refused.
        """
        shelf = cls()
        for count, info in enumerate(store.list(output, below=False), 1):
            keys = ResultKeys.named(info.address)
            if keys and wanted(keys, info):
                shelf._put(keys, info)
            if count % PROGRESS_OBJECTS == 0:
                progress(count)
        return shelf

    def _put(self, keys: ResultKeys, info: ObjectInfo) -> None:
        self._sizes[info.address] = info.size
        if info.address == keys.sidecar:
            self._sidecars.append(info)

    def holds(self, address: S3Address, size: int | None = None) -> bool:
        """Whether the file lies there, with this size in bytes if one is given."""
        found = self._sizes.get(address)
        return found is not None and size in {None, found}

    def sidecars(self) -> Iterator[S3Address]:
        """The sidecars of results, the newest first."""
        newest = sorted(self._sidecars, key=lambda info: info.modified, reverse=True)
        return (info.address for info in newest)
