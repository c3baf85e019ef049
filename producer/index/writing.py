"""Writing: a batch that ends leaves a segment of its results in the index."""

from collections.abc import Iterable, Iterator

from producer.index.entries import Entry
from producer.index.history import Measured, Tally, Work
from producer.index.segments import write_segment
from producer.results import each_item
from producer.styling import Styling
from shared.board import StatusBoard
from shared.jobs import Batch, Item, Result
from shared.keys import is_apart
from shared.s3 import ObjectStore
from shared.states import ItemState


def index_batch(board: StatusBoard, store: ObjectStore, batch_id: str) -> None:
    """Write the segment of a batch's results; harmless if repeated.

    A batch without results, a replay and a rendering leave none.

    Raises:
        BatchUnknown: No such batch.
        BoardError: Redis did not answer.
        StorageError: It cannot be written.
    """
    status = board.status(batch_id)
    batch = status.batch
    if status.counts[ItemState.DONE] and not is_apart(batch.output, batch_id):
        indexing = Indexing(batch)
        entries = indexing.entries(each_item(board, batch_id, ItemState.DONE))
        # Never a name again that somebody has read: who folds removes what was read by its name.
        name = f"{batch_id}.{status.revision}"
        write_segment(batch.output, name, entries, indexing.measured, store)


class Indexing:
    """The entries of a batch's items, and what they took."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._styling = Styling(batch.style, batch.models)
        self._tally = Tally()

    def entries(self, items: Iterable[Item]) -> Iterator[Entry]:
        """An entry for each item that is done and has a result."""
        for item in items:
            if item.result:
                self._count(item, item.result)
                yield Entry.of(item, item.result, self._batch, self._styling)

    @property
    def measured(self) -> Iterator[Measured]:
        """What the items took whose entries were read until it is asked for."""
        return self._tally.measured()

    def _count(self, item: Item, result: Result) -> None:
        work = Work.of(self._styling.of(item.spec), supplied_mask=item.spec.mask is not None)
        self._tally.add(work, 1, result.device_seconds, result.size)
