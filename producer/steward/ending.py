"""Ending: a batch whose items are all final gets its results written, indexed, and is ended."""

from collections.abc import Callable

import structlog

from producer.index import index_batch
from producer.results import write_results
from shared.board import StatusBoard
from shared.errors import BoardError, RestyleError
from shared.jobs import BatchStatus
from shared.keys import S3Address
from shared.s3 import ObjectStore

log = structlog.get_logger(__name__)

#: Told of a batch whose items are all final, and of the addresses of its results.
Announce = Callable[[BatchStatus, list[S3Address]], object]


def _to_nobody(_status: BatchStatus, _results: list[S3Address]) -> None:
    """Announce nothing."""


def end_batches(
    board: StatusBoard,
    store: ObjectStore,
    *,
    announce: Announce = _to_nobody,
    stopping: Callable[[], bool] = lambda: False,
) -> list[str]:
    """End every batch whose items are all final: write its results, then mark it ended.

    A batch whose results cannot be written stays as it is and does not keep the others waiting.

    Args:
        board: Where the batches stand.
        store: Where their results go.
        announce: As for `end_batch`.
        stopping: Asked before each batch; True leaves the rest to the next beat.

    Returns:
        The batches that were ended now, by id.

    Raises:
        BoardError: Redis did not answer.
    """
    ended: list[str] = []
    for batch_id in board.unended():
        if stopping():
            break
        if _try_to_end(board, store, batch_id, announce):
            ended.append(batch_id)
    return ended


def _try_to_end(board: StatusBoard, store: ObjectStore, batch_id: str, announce: Announce) -> bool:
    try:
        return end_batch(board, store, batch_id, announce=announce)
    except BoardError:
        raise  # no other batch would fare better
    except RestyleError as error:
        log.warning("batch not ended, next beat tries again", batch=batch_id, **error.report())
    except Exception:  # one odd batch must never keep all others from ending
        log.exception("batch not ended, next beat tries again", batch=batch_id)
    return False


def end_batch(
    board: StatusBoard, store: ObjectStore, batch_id: str, *, announce: Announce = _to_nobody
) -> bool:
    """Write and index the results of one batch, announce its end and mark it ended.

    It is announced before it is marked, so that nobody who dies in between keeps it from being
    told; whoever comes next announces it again.

    Args:
        board: Where the batch stands.
        store: Where its results go.
        batch_id: The batch.
        announce: Called for each end; the same end may be announced several times.

    Returns:
        False when items were retried meanwhile; the batch ends when they have.

    Raises:
        BatchUnknown: No such batch.
        BoardError: Redis did not answer.
        StorageError: S3 refused, or did not answer.
    """
    revision = board.status(batch_id).revision
    addresses = write_results(board, store, batch_id)
    index_batch(board, store, batch_id)
    status = board.status(batch_id)
    if status.revision == revision and not status.open:
        announce(status, addresses)
    ended = board.mark_ended(batch_id, revision=revision)
    if ended:
        log.info("batch ended", batch=batch_id, results=[str(address) for address in addresses])
    return ended
