"""Written rows: what the results.jsonl of a batch says, where one was written when it ended."""

import tempfile
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from producer.origin import MAX_MANIFEST_BYTES
from producer.result_row import ResultRow
from shared.errors import ObjectMissing, RecordInvalid
from shared.jobs import Batch, Failure
from shared.keys import batch_file
from shared.s3 import ObjectStore
from shared.states import ItemState
from shared.wording import first_problems


class WrittenRow(NamedTuple):
    """How one item had ended by then; what failed may have been retried since."""

    state: ItemState
    #: Of a result.
    fingerprint: str | None
    failure: Failure | None

    @classmethod
    def of(cls, row: ResultRow) -> "WrittenRow":
        """What counts of a row."""
        failure = None
        if row.state is ItemState.FAILED:
            words = {"code": row.code, "message": row.message, "hint": row.hint}
            failure = Failure.model_validate(words | {"sidecar": row.sidecar})
        return cls(row.state, row.fingerprint, failure)


def written_rows(batch: Batch, store: ObjectStore) -> dict[str, WrittenRow]:
    """The rows by external id; empty for a batch that has not ended yet.

    Raises:
        RecordInvalid: The file is none that this release understands.
        StorageError: It may not be read, or S3 refused.
    """
    address = batch_file(batch.output, batch.batch_id, "results.jsonl")
    with tempfile.TemporaryDirectory(prefix="restyle-") as folder:
        path = Path(folder) / "results.jsonl"
        try:
            store.download(address, path, max_bytes=MAX_MANIFEST_BYTES)
        except ObjectMissing:
            return {}
        try:
            return _parsed(path)
        except ValidationError as error:
            reason = first_problems(error, ResultRow.model_fields)
            raise RecordInvalid(record=address, reason=reason) from error


def _parsed(path: Path) -> dict[str, WrittenRow]:
    with path.open("rb") as lines:
        rows = (ResultRow.model_validate_json(line) for line in lines)
        return {row.external_id: WrittenRow.of(row) for row in rows}
