"""Pending: what other batches of the same output have in hand; a plan leaves that to them."""

from collections.abc import Iterator

from producer.index import Indexing
from producer.plan.book import Book
from producer.results import each_item
from producer.styling import Styling
from shared.board import StatusBoard
from shared.jobs import Batch, BatchStatus
from shared.keys import is_replay
from shared.states import ItemState

#: States of an item that somebody has in hand.
IN_HAND = (ItemState.QUEUED, ItemState.RUNNING, ItemState.HELD)


def note_open_batches(book: Book, board: StatusBoard, output: str) -> None:
    """Note of each open batch what it waits with, and what it has rendered so far.

    Its segment of the index is written when it ends, which a night's window may put off.

    Raises:
        BoardError: Redis did not answer.
    """
    for status in board.open_batches():
        batch = status.batch
        if batch.output == output and not is_replay(output, batch.batch_id):
            _note(book, board, status)


def _note(book: Book, board: StatusBoard, status: BatchStatus) -> None:
    batch = status.batch
    if not status.cancelled:
        book.add_pending(_in_hand(board, batch))
    done = each_item(board, batch.batch_id, ItemState.DONE)
    book.add_earlier(Indexing(batch).entries(done))


def _in_hand(board: StatusBoard, batch: Batch) -> Iterator[tuple[str, str, str]]:
    styling = Styling(batch.style, batch.models)
    for state in IN_HAND:
        for item in each_item(board, batch.batch_id, state):
            yield item.spec.external_id, styling.of(item.spec).digest, batch.batch_id
