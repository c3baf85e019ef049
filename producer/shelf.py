"""Shelf: the results' files that lie under an output, as one listing told of them."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from shared.keys import ResultKeys, S3Address
from shared.s3 import ObjectStore
from shared.s3.info import ObjectInfo

#: Listed objects between two calls of a progress callback.
PROGRESS_OBJECTS = 10_000


@dataclass(frozen=True, slots=True)
class Shelf:
    """What lies there, without a request for each item."""

    #: Sizes in bytes, by key.
    sizes: dict[str, int]
    #: Sidecars of results, by their source's stem.
    sidecars: dict[str, list[S3Address]]

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
        shelf = cls({}, defaultdict(list))
        for count, info in enumerate(store.list(output, below=False), 1):
            keys = ResultKeys.named(info.address)
            if keys and wanted(keys, info):
                shelf._put(keys, info)
            if count % PROGRESS_OBJECTS == 0:
                progress(count)
        return shelf

    def _put(self, keys: ResultKeys, info: ObjectInfo) -> None:
        self.sizes[info.address.key] = info.size
        if info.address == keys.sidecar:
            self.sidecars[keys.stem].append(info.address)

    def holds(self, address: S3Address, size: int | None = None) -> bool:
        """Whether the file lies there, with this size in bytes if one is given."""
        found = self.sizes.get(address.key)
        return found is not None and size in {None, found}

    def sidecars_of(self, keys: ResultKeys) -> Iterable[S3Address]:
        """The sidecars of sources with this stem, the one of these very keys first."""
        return sorted(self.sidecars.get(keys.stem, ()), key=lambda each: each != keys.sidecar)
