"""Pending: what other batches of the same output have in hand; a plan leaves that to them."""

import itertools
from collections.abc import Iterator

from producer.index import Indexing
from producer.plan.book import SLICE, Book
from producer.results import each_item
from producer.styling import Styling
from shared.board import StatusBoard
from shared.jobs import BatchStatus, Item, ItemSpec
from shared.keys import is_apart
from shared.states import ItemState

#: States of an item that somebody has in hand.
IN_HAND = frozenset({ItemState.QUEUED, ItemState.RUNNING, ItemState.HELD})


def note_open_batches(book: Book, board: StatusBoard, output: str, *, own: str = "") -> None:
    """Note of each open batch what it waits with, and what it has rendered so far.

    Its segment of the index is written when it ends, which a night's window may put off; so this is
    asked before the index is. A batch whose submission was interrupted has nothing in hand.

    Args:
        book: Gets what is found.
        board: Knows the batches.
        output: Only batches of this output.
        own: The batch that is planned, which is no other.

    Raises:
        BoardError: Redis did not answer.
    """
    for status in board.open_batches():
        batch = status.batch
        is_other = batch.batch_id != own and not is_apart(batch.output, batch.batch_id)
        if is_other and status.sealed and batch.output == output:
            _note(book, board, status)


def _note(book: Book, board: StatusBoard, status: BatchStatus) -> None:
    batch, indexing = status.batch, Indexing(status.batch)
    styling = Styling(batch.style, batch.models)
    # Each item is seen once, whatever moves meanwhile.
    for part in _slices(each_item(board, batch.batch_id)):
        book.add_earlier(indexing.entries(part))
        if not status.cancelled:
            in_hand = [item.spec for item in part if item.state in IN_HAND]
            book.add_pending(
                (spec.external_id, style, batch.batch_id)
                for spec in in_hand
                for style in _styles(spec, styling)
            )


def _styles(spec: ItemSpec, styling: Styling) -> Iterator[str]:
    """The digests under which an item is waited for: its own, and what it stands for."""
    yield styling.of(spec).digest
    if spec.stands_for:
        yield spec.stands_for.style


def _slices(items: Iterator[Item]) -> Iterator[list[Item]]:
    while part := list(itertools.islice(items, SLICE)):
        yield part
