"""Ending: a batch whose items are all final gets its results and report, and is marked ended."""

from collections.abc import Callable

import structlog

from producer.report.writing import write_report
from producer.results import write_results
from shared.board import StatusBoard
from shared.errors import BoardError, RestyleError, StorageError
from shared.keys import S3Address, is_replay
from shared.pictures.limits import Limits
from shared.s3 import ObjectStore

log = structlog.get_logger(__name__)


def end_batches(
    board: StatusBoard,
    store: ObjectStore,
    limits: Limits,
    *,
    stopping: Callable[[], bool] = lambda: False,
) -> list[str]:
    """End every batch whose items are all final: write results and report, then mark it ended.

    A batch whose results cannot be written stays as it is and does not keep the others waiting.

    Args:
        board: Where the batches stand.
        store: Where their results go.
        limits: Larger pictures are not shown in a report.
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
        if _try_to_end(board, store, batch_id, limits):
            ended.append(batch_id)
    return ended


def _try_to_end(board: StatusBoard, store: ObjectStore, batch_id: str, limits: Limits) -> bool:
    try:
        return end_batch(board, store, batch_id, limits)
    except BoardError:
        raise  # no other batch would fare better
    except RestyleError as error:
        log.warning("batch not ended, next beat tries again", batch=batch_id, **error.report())
    except Exception:  # one odd batch must never keep all others from ending
        log.exception("batch not ended, next beat tries again", batch=batch_id)
    return False


def end_batch(board: StatusBoard, store: ObjectStore, batch_id: str, limits: Limits) -> bool:
    """Write the results and the report of one batch, and mark it ended.

    Returns:
        False when items were retried meanwhile; the batch ends when they have.

    Raises:
        BatchUnknown: No such batch.
        BoardError: Redis did not answer.
        StorageError: S3 refused, or did not answer.
    """
    status = board.status(batch_id)
    addresses = write_results(board, store, batch_id)
    if not is_replay(status.batch.output, batch_id):  # whoever replays looks at its one item
        addresses += _report(board, store, batch_id, limits)
    ended = board.mark_ended(batch_id, revision=status.revision)
    if ended:
        log.info("batch ended", batch=batch_id, results=[str(address) for address in addresses])
    return ended


def _report(
    board: StatusBoard, store: ObjectStore, batch_id: str, limits: Limits
) -> list[S3Address]:
    try:
        return write_report(board, store, batch_id, limits)
    except (BoardError, StorageError):
        raise  # the next beat writes it
    except Exception:  # a defect in a report must never keep a batch from ending
        log.exception("report not written; the batch ends without it", batch=batch_id)
        return []
