"""Ending: a batch whose items are all final gets its results written, and is marked ended."""

from collections.abc import Callable

import structlog

from producer.archive import write_roll_up
from producer.results import write_results
from shared.board import StatusBoard
from shared.errors import BoardError, RestyleError
from shared.s3 import ObjectStore

log = structlog.get_logger(__name__)


def end_batches(
    board: StatusBoard, store: ObjectStore, *, stopping: Callable[[], bool] = lambda: False
) -> list[str]:
    """End every batch whose items are all final: write its results, then mark it ended.

    A batch whose results cannot be written stays as it is and does not keep the others waiting.

    Args:
        board: Where the batches stand.
        store: Where their results go.
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
        if _try_to_end(board, store, batch_id):
            ended.append(batch_id)
    return ended


def _try_to_end(board: StatusBoard, store: ObjectStore, batch_id: str) -> bool:
    try:
        return end_batch(board, store, batch_id)
    except BoardError:
        raise  # no other batch would fare better
    except RestyleError as error:
        log.warning("batch not ended, next beat tries again", batch=batch_id, **error.report())
    except Exception:  # one odd batch must never keep all others from ending
        log.exception("batch not ended, next beat tries again", batch=batch_id)
    return False


def end_batch(board: StatusBoard, store: ObjectStore, batch_id: str) -> bool:
    """Write the results and the final roll-up of one batch and mark it ended.

    Returns:
        False when items were retried meanwhile; the batch ends when they have.

    Raises:
        BatchUnknown: No such batch.
        BoardError: Redis did not answer.
        StorageError: S3 refused, or did not answer.
    """
    status = board.status(batch_id)
    addresses = write_results(board, store, batch_id)
    write_roll_up(status, store)
    ended = board.mark_ended(batch_id, revision=status.revision)
    if ended:
        log.info("batch ended", batch=batch_id, results=[str(address) for address in addresses])
    return ended
