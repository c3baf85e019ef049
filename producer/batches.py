"""Batches as readers see them: the board is asked first, and S3 for those that have left it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from producer.archive import ArchivedBatch, open_archived, read_roll_up
from producer.result_row import ResultRow
from producer.results import each_item, each_row
from shared.board import StatusBoard, WorkerRecord
from shared.errors import BatchArchived, ItemUnknown
from shared.jobs import BatchStatus, Item
from shared.keys import S3Address
from shared.s3 import ObjectStore
from shared.states import ItemState


class ReadableBatch(Protocol):
    """A batch that is read, wherever it is."""

    @property
    def status(self) -> BatchStatus:
        """As it was when it was opened."""

    @property
    def record(self) -> S3Address | None:
        """Its folder in S3, where that alone tells of it; None for one on the board."""

    def items(self, state: ItemState | None = None, *, after: int = -1) -> Iterator[Item]:
        """Every item, or those in one state, whose number is above `after`, in their order."""

    def rows(self) -> Iterator[ResultRow]:
        """What became of every item, in the manifest's order."""


@dataclass(frozen=True, slots=True)
class BoardBatch:
    """A batch on the board, read page by page."""

    status: BatchStatus
    _board: StatusBoard
    #: Makes the store that has what is unchanged.
    _connect: Callable[[], ObjectStore]
    record: None = None

    def items(self, state: ItemState | None = None, *, after: int = -1) -> Iterator[Item]:
        """Every item, or those in one state, whose number is above `after`, in their order."""
        return each_item(self._board, self.status.batch.batch_id, state, after=after)

    def rows(self) -> Iterator[ResultRow]:
        """What became of every item, in the manifest's order."""
        with each_row(self._board, self._connect(), self.status.batch.batch_id) as rows:
            yield from rows


@dataclass(frozen=True, slots=True)
class BatchReader:
    """Reads batches by id, or by their folder in S3: then that alone is asked, and no board."""

    board: StatusBoard
    #: Makes the store when a batch is not on the board.
    connect: Callable[[], ObjectStore]

    def status(self, name: str) -> BatchStatus:
        """How a batch stands, or had ended.

        Args:
            name: Its id, or s3://bucket/prefix/_batches/NAME/.

        Raises:
            BatchUnknown: No such batch, or the board does not remember it any more.
            BatchNotArchived: The folder is that of a batch that has not ended.
            RecordMissing: S3 has no such batch.
            RecordInvalid: S3 has something else there.
            BoardError: Redis did not answer.
            StorageError: S3 refused, or did not answer.
        """
        place = self._place(name)
        if isinstance(place, BatchStatus):
            return place
        return read_roll_up(place, self.connect()).status

    @contextmanager
    def open(self, name: str) -> Iterator["BoardBatch | ArchivedBatch"]:
        """A batch to be read while the context lasts; takes and raises what `status` does."""
        place = self._place(name)
        if isinstance(place, BatchStatus):
            yield BoardBatch(place, self.board, self.connect)
            return
        with open_archived(place, self.connect()) as archived:
            yield archived

    def item(self, name: str, number: int) -> Item:
        """One item of a batch, named by its id.

        Raises:
            BatchUnknown: No such batch.
            ItemUnknown: The batch has no item of this number.
            BoardError: Redis did not answer.
            StorageError: S3 refused, or did not answer.
        """
        try:
            return self.board.item(name, number)
        except BatchArchived:
            with self.open(name) as found:
                item = next(found.items(after=number - 1), None) if number >= 0 else None
        if item is None:
            raise ItemUnknown(batch=name, item=number)
        return item

    def _place(self, name: str) -> BatchStatus | S3Address:
        """How the batch stands on the board, or else its folder in S3."""
        if name.startswith("s3://"):
            return S3Address.parse_prefix(name, kind="place of a record")
        try:
            return self.board.status(name)
        except BatchArchived as archived:
            return S3Address.parse_prefix(archived.record)

    def workers(self) -> list[WorkerRecord]:
        """All known workers, as the board has them.

        Raises:
            BoardError: Redis did not answer.
        """
        return self.board.workers()
