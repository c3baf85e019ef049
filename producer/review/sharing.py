"""Sharing: whether files that are to leave the output are results of somebody else, too."""

import itertools
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from producer.index import Entry, listed_segments, read_segment
from producer.results import each_item
from shared.board import StatusBoard
from shared.board.publication import Reviewed
from shared.jobs import BatchStatus, Item
from shared.keys import S3Address
from shared.s3 import ObjectStore
from shared.states import ItemState

#: Batches that are asked for at a time.
PAGE = 100


@dataclass(frozen=True, slots=True)
class Sharing:
    """What others have of the results that some items are to lose; equal fingerprints share files.

    Not covered: a batch that is published in this very moment, and the unchanged rows of a batch
    that has left the board before the one that rendered them.
    """

    board: StatusBoard
    #: Those of other items that are done or approved.
    fingerprints: frozenset[str]
    #: Batches on the board whose results name some of earlier batches as unchanged.
    nights: tuple[BatchStatus, ...]

    @classmethod
    def of(cls, taken: Sequence[Reviewed], board: StatusBoard, store: ObjectStore) -> Self:
        """Look through the outputs of these items, once for all of them.

        Raises:
            BoardError: Redis did not answer.
            RecordInvalid: A segment of the index is damaged.
            StorageError: The index cannot be read.
        """
        if not taken:
            return cls(board, frozenset(), ())
        outputs = {board.status(one.batch_id).batch.output for one in taken}
        # First: a batch that ends meanwhile is in the index then.
        there = [one for one in board.open_batches() if one.batch.output in outputs]
        still_open = {one.batch.batch_id for one in there}
        told = [_of_board(there, board)]
        told += [_of_index(output, still_open, store) for output in outputs]
        wanted = {_fingerprint(one.item) for one in taken}
        found = frozenset(mark for mark in itertools.chain(*told) if mark in wanted)
        nights = (one for one in _all(board) if one.batch.unchanged)
        return cls(board, found, tuple(one for one in nights if one.batch.output in outputs))

    def keeps(self, reviewed: Reviewed) -> bool:
        """Whether the files of an item are somebody else's result, as far as is known.

        Raises:
            BoardError: Redis did not answer.
        """
        if _fingerprint(reviewed.item) in self.fingerprints:
            return True
        return bool(self.nights) and self._named_since(reviewed)

    def _named_since(self, reviewed: Reviewed) -> bool:
        """Whether a batch was planned since the item was first approved, and may have named it."""
        batch, since = self.board.status(reviewed.batch_id).batch, self._approved_at(reviewed)
        return any(
            one.batch.output == batch.output
            and one.batch.batch_id != batch.batch_id
            and one.batch.submitted_at >= (since or batch.submitted_at)
            for one in self.nights
        )

    def _approved_at(self, reviewed: Reviewed) -> datetime | None:
        made = self.board.item_history(reviewed.batch_id, reviewed.item.spec.number)
        return min((one.at for one in made if one.action == "approve" and one.at), default=None)


def _fingerprint(item: Item) -> str | None:
    return item.held.result.fingerprint if item.held and item.held.result else None


def _all(board: StatusBoard) -> Iterator[BatchStatus]:
    """The batches on the board, newest first, page by page."""
    page = board.batches(PAGE)
    while page:
        yield from page
        page = board.batches(PAGE, after=page[-1].batch.batch_id)


def _of_board(batches: Iterable[BatchStatus], board: StatusBoard) -> Iterator[str]:
    for status in batches:
        name = status.batch.batch_id
        for item in each_item(board, name, ItemState.DONE):
            if item.result:
                yield item.result.fingerprint
        for item in each_item(board, name, ItemState.HELD) if status.publishing else ():
            if item.approved and (mark := _fingerprint(item)):
                yield mark


def _of_index(output: str, still_open: set[str], store: ObjectStore) -> Iterator[str]:
    """Of batches that have ended; what is open is asked of the board, which knows better."""
    for entry in _entries(output, store):
        if not entry.rejected and entry.batch not in still_open:
            yield entry.fingerprint


def _entries(output: str, store: ObjectStore) -> Iterator[Entry]:
    """All that the index tells; what is folded meanwhile is listed anew."""
    read: set[S3Address] = set()
    with tempfile.TemporaryDirectory(prefix="restyle-index-") as folder:
        while left := [one for one in listed_segments(output, store) if one not in read]:
            for address in left:
                if segment := read_segment(address, store, Path(folder)):
                    yield from segment.entries()
                    segment.path.unlink()
                    read.add(address)
