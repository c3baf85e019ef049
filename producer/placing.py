"""Placing: a batch's record is written, its id taken, and its items handed to the board."""

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from producer.draft import Draft
from producer.plan import Progress
from producer.recording import write_batch, write_inputs
from producer.retrieval import recorded_rows
from shared.board import StatusBoard
from shared.errors import BatchExists
from shared.jobs import Batch, ItemSpec
from shared.s3 import ObjectStore

#: Items handed to the board at a time.
SLICE = 4_000


def _to_nobody(_what: str, _rows: int) -> None:
    """Progress that nobody follows."""


def place(
    batch: Batch,
    draft: Draft,
    specs: Callable[[], Iterator[ItemSpec]],
    board: StatusBoard,
    store: ObjectStore,
    progress: Progress,
) -> bool:
    """Record a planned batch and put it on the board.

    Returns:
        False when it was there, whole, before.

    Raises:
        BatchExists: The id belongs to another submission.
        StorageError: The output may not be written, or S3 did not answer.
        BoardError: Redis is away or full.
    """
    write_inputs(batch, draft, store)
    try:
        is_open = board.open_batch(batch)
    except BatchExists as error:
        if error.facts["difference"] != "rows":
            raise
        # The same was submitted at the same time, and planned a moment earlier: that plan counts.
        return adopted(board.status(batch.batch_id).batch, board, store, progress)
    return is_open and _fill(batch, specs(), board, store, progress)


def adopted(
    batch: Batch, board: StatusBoard, store: ObjectStore, progress: Progress = _to_nobody
) -> bool:
    """Complete a batch that was submitted before, from its own record.

    Returns:
        False when it was there, whole, before.

    Raises:
        BatchExists: The id belongs to another submission.
        RecordMissing: The record lacks its rows.
        RecordInvalid: The rows are not those that were submitted.
        StorageError: S3 refused, or did not answer.
        BoardError: Redis is away or full.
    """
    if not board.open_batch(batch):
        return False
    with recorded_rows(batch, store) as rows:
        return _fill(batch, rows.specs(), board, store, progress)


def _fill(
    batch: Batch,
    specs: Iterator[ItemSpec],
    board: StatusBoard,
    store: ObjectStore,
    progress: Progress,
) -> bool:
    # As it stands on the board: another may have opened the same a moment earlier.
    batch = board.status(batch.batch_id).batch
    write_batch(batch, store)
    queued = 0
    while part := list(itertools.islice(specs, SLICE)):
        board.add_items(batch.batch_id, part)
        queued += len(part)
        progress("queued", queued)
    set_first_window(batch, board)
    board.seal_batch(batch.batch_id)
    return True


def set_first_window(batch: Batch, board: StatusBoard) -> None:
    """Let a batch that has a window be rendered within it only, from its seal on.

    Raises:
        BoardError: Redis did not answer.
    """
    if batch.window:
        board.set_window(batch.batch_id, *batch.window.span(datetime.now(UTC)))
