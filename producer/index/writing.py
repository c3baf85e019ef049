"""Writing: a batch that ends leaves a segment of its results and rejections in the index."""

import itertools
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

#: What the index tells: results, and what nobody is to be asked about every night.
TOLD = (ItemState.DONE, ItemState.REJECTED)


def index_batch(board: StatusBoard, store: ObjectStore, batch_id: str) -> None:
    """Write the segment of a batch's results and rejections; harmless if repeated.

    A batch without any, a replay and a rendering leave none.

    Raises:
        BatchUnknown: No such batch.
        BoardError: Redis did not answer.
        StorageError: It cannot be written.
    """
    status = board.status(batch_id)
    batch = status.batch
    decided = [state for state in TOLD if status.counts[state]]
    if decided and not is_apart(batch.output, batch_id):
        indexing = Indexing(batch)
        items = (each_item(board, batch_id, state) for state in decided)
        entries = indexing.entries(itertools.chain.from_iterable(items))
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
        """An entry for each item that is done or was rejected."""
        for item in items:
            if item.state in TOLD:
                if item.result:
                    self._count(item, item.result)
                yield Entry.of(item, self._batch, self._styling)

    @property
    def measured(self) -> Iterator[Measured]:
        """What the items took whose entries were read until it is asked for."""
        return self._tally.measured()

    def _count(self, item: Item, result: Result) -> None:
        work = Work.of(self._styling.of(item.spec), supplied_mask=item.spec.mask is not None)
        self._tally.add(work, 1, result.device_seconds, result.size)
