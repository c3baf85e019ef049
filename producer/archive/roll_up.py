"""The roll-up: a batch's final status beside its results, written when it ends."""

from datetime import UTC, datetime
from typing import Literal

from pydantic import Field, ValidationError

from shared.errors import BatchNotArchived, ObjectMissing, RecordInvalid, RecordMissing
from shared.jobs import BatchStatus
from shared.keys import S3Address, batch_file
from shared.record import Record
from shared.s3 import ObjectStore
from shared.wording import first_problems

#: A roll-up is the batch, its style and a few counts; more is another kind of file.
MAX_ROLL_UP_BYTES = 10_000_000
STATUS_FILE = "status.json"
RESULTS_FILE = "results.jsonl"
BATCH_FILE = "batch.json"


class RollUp(Record):
    """What `status.json` holds."""

    version: Literal[1] = 1
    #: As it was when the results were written; no item is open.
    status: BatchStatus
    #: Size of the results.jsonl that tells of the same items, in bytes.
    results_bytes: int = Field(ge=0)


def write_roll_up(status: BatchStatus, store: ObjectStore) -> None:
    """Write the final status of a batch whose results are written; harmless if repeated.

    Args:
        status: As it was before the results were read from the board.
        store: Where the results are.

    Raises:
        StorageError: S3 refused, did not answer, or does not have the results.
    """
    ended = status.model_copy(update={"ended_at": status.ended_at or datetime.now(UTC)})
    size = store.head(_beside(status, RESULTS_FILE)).size
    content = RollUp(status=ended, results_bytes=size).model_dump_json(indent=2).encode()
    store.put(_beside(status, STATUS_FILE), content, content_type="application/json")


def read_roll_up(folder: S3Address, store: ObjectStore) -> RollUp:
    """The final status of the batch whose folder this is.

    Raises:
        BatchNotArchived: The batch has not ended.
        RecordMissing: This is no batch's folder.
        RecordInvalid: The roll-up is none that this release understands.
        StorageError: It may not be read, or S3 refused.
    """
    address = folder.join(STATUS_FILE)
    try:
        content = store.get(address, max_bytes=MAX_ROLL_UP_BYTES)
    except ObjectMissing as error:
        if store.exists(folder.join(BATCH_FILE)):
            raise BatchNotArchived(record=folder) from error
        raise RecordMissing(record=folder.join(BATCH_FILE)) from error
    try:
        return RollUp.model_validate_json(content)
    except ValidationError as error:
        reason = first_problems(error, RollUp.model_fields)
        raise RecordInvalid(record=address, reason=reason) from error


def is_kept(status: BatchStatus, store: ObjectStore) -> bool:
    """Whether S3 has the results and the roll-up of a batch as it stands on the board.

    Raises:
        StorageError: S3 refused, or did not answer.
    """
    try:
        told = read_roll_up(_beside(status, ""), store)
        size = store.head(_beside(status, RESULTS_FILE)).size
    except (ObjectMissing, BatchNotArchived, RecordMissing, RecordInvalid):
        return False
    return _essence(told.status) == _essence(status) and size == told.results_bytes


def _essence(status: BatchStatus) -> tuple[object, ...]:
    """What a retry would change, and whose roll-up it is."""
    return status.batch, status.revision, status.counts


def _beside(status: BatchStatus, name: str) -> S3Address:
    return batch_file(status.batch.output, status.batch.batch_id, name)
