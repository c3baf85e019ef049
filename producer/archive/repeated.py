"""A submission that was made before, and whose batch has ended and left the board since."""

from producer.archive.roll_up import read_roll_up
from shared.board import StatusBoard
from shared.errors import BatchNotArchived, BatchUnknown, RecordMissing
from shared.jobs import Batch, BatchStatus
from shared.keys import batch_file
from shared.s3 import ObjectStore


def ended_before(batch: Batch, board: StatusBoard, store: ObjectStore) -> BatchStatus | None:
    """How a recorded batch had ended that the board does not have.

    Returns:
        None for a batch that is on the board, or never ended: it is to be placed there, whole.

    Raises:
        RecordInvalid: Its roll-up is none that this release understands.
        BoardError: Redis did not answer.
        StorageError: S3 refused, or did not answer.
    """
    try:
        board.status(batch.batch_id)
    except BatchUnknown:
        return _ended(batch, store)
    return None


def _ended(batch: Batch, store: ObjectStore) -> BatchStatus | None:
    folder = batch_file(batch.output, batch.batch_id, "")
    try:
        status = read_roll_up(folder, store).status
    except (BatchNotArchived, RecordMissing):
        return None
    return status if _identity(status.batch) == _identity(batch) else None


def _identity(batch: Batch) -> tuple[str, ...]:
    return batch.manifest_digest, batch.rows_digest, batch.style.digest, batch.output
