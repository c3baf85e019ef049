"""Recover: a batch that Redis lost comes back from its record in S3, and only the rest is rendered.

Nothing of it can be claimed before all of it is there, so the whole may be repeated at any time,
and may run beside another of its kind or a repeated submission: what has ended stays ended.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from producer.placing import set_first_window
from producer.plan import Progress
from producer.recovery.outcomes import Outcomes
from producer.retrieval import recorded_batch, recorded_rows
from producer.submit import delay_of
from shared.board import PastItem, StatusBoard
from shared.errors import BatchUnknown
from shared.jobs import Batch, BatchStatus
from shared.keys import S3Address
from shared.s3 import ObjectStore
from shared.wording import shorten

#: Items handed to the board at a time.
SLICE = 500
#: Sidecars that are named; the others are counted.
NAMED = 3


@dataclass(frozen=True, slots=True)
class Recovery:
    """What became of a lost batch."""

    status: BatchStatus
    #: The batch was on the board; nothing was changed.
    repeated: bool
    #: Why no message went to the workers yet; their own dispatcher sends it later.
    delay: str = ""
    #: What a person should know of the record, as clauses.
    notes: tuple[str, ...] = ()


def recover(
    place: str,
    board: StatusBoard,
    store: ObjectStore,
    *,
    dispatch: Callable[[], object],
    paused: bool = False,
    progress: Progress = lambda _what, _count: None,
) -> Recovery:
    """Put a batch back on the board as its record and its results tell of it.

    Args:
        place: s3://bucket/prefix/_batches/NAME/, or the batch.json in it.
        board: Gets the batch and its items.
        store: Has the record and the results.
        dispatch: One step of a dispatcher, so that idle workers begin at once.
        paused: The batch waits until a person resumes it.
        progress: Told how far a large batch is.

    Raises:
        RecordMissing: The place holds no record, or not all of it.
        RecordInvalid: The record is none, not as it was written, or of another release.
        BatchExists: The board has another submission under this id.
        StorageError: Something may not be read or written, or S3 did not answer.
        BoardError: Redis is away, unsafe, or too full for new work.
    """
    board.refuse_new_work()
    batch = recorded_batch(place, store)
    store.allowed.check_write(S3Address.parse_output(batch.output))
    notes: tuple[str, ...] = ()
    repeated = _stands(batch, board)
    if not repeated:
        with recorded_rows(batch, store) as rows:
            outcomes = Outcomes(batch, rows, store)
            repeated = not _place(batch, outcomes, board, paused=paused, progress=progress)
            notes = _notes(outcomes)
    return Recovery(board.status(batch.batch_id), repeated, delay_of(dispatch), notes)


def _stands(batch: Batch, board: StatusBoard) -> bool:
    """Whether the batch is on the board, whole; one that is not gets nothing but a look."""
    try:
        known = board.status(batch.batch_id)
    except BatchUnknown:
        return False
    return known.sealed and not board.open_batch(batch)  # which refuses another's id


def _place(
    batch: Batch, outcomes: Outcomes, board: StatusBoard, *, paused: bool, progress: Progress
) -> bool:
    """Fill the board; False when the batch was there, whole, before."""
    batch_id, cancelled = batch.batch_id, outcomes.cancelled
    past = outcomes.each(lambda objects: progress("listed", objects))
    if not board.open_batch(batch, comes_back=True):
        return False
    if not board.begin_restoring(batch_id, paused=paused, cancelled=cancelled):
        return False
    restored = 0
    for part in _slices(past):
        board.restore_items(batch_id, part)
        restored += len(part)
        progress("recovered", restored)
    set_first_window(batch, board)
    board.seal_restored(batch_id)
    return True


def _slices(past: Iterator[PastItem]) -> Iterator[list[PastItem]]:
    while part := list(itertools.islice(past, SLICE)):
        yield part


def _notes(outcomes: Outcomes) -> tuple[str, ...]:
    unread = sorted(outcomes.unread)
    if not unread:
        return ()
    named = ", ".join(shorten(address) for address in unread[:NAMED])
    rest = ", …" if len(unread) > NAMED else ""
    return (f"{len(unread):,} sidecar(s) cannot be read and count as none: {named}{rest}",)
