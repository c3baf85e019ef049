"""An archived batch: its status, rows and items, streamed from what was written as it ended."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from pydantic import ValidationError

from producer.archive.roll_up import RESULTS_FILE, read_roll_up
from producer.origin import MAX_MANIFEST_BYTES
from producer.result_row import ResultRow
from shared.errors import ObjectMissing, RecordInvalid, RecordMissing
from shared.jobs import BatchStatus, Failure, Item, ItemSpec, Result
from shared.keys import S3Address
from shared.s3 import ObjectStore
from shared.states import ItemState
from shared.wording import first_problems


@dataclass(frozen=True, slots=True)
class ArchivedBatch:
    """A batch as it had ended; its rows are fetched when they are first asked for."""

    status: BatchStatus
    #: Its folder in S3.
    record: S3Address
    _store: ObjectStore
    _folder: Path

    def rows(self) -> Iterator[ResultRow]:
        """Every item's row, in the order in which they were written.

        Raises:
            RecordMissing: The rows are gone.
            RecordInvalid: They are none that this release understands.
            StorageError: They may not be read, or S3 refused.
        """
        with self._fetched().open("rb") as lines:
            for line in lines:
                yield self._row(line)

    def items(self, state: ItemState | None = None, *, after: int = -1) -> Iterator[Item]:
        """Every item, or those in one state, in the order of their rows; raises as `rows`.

        An item has the number that it had on the board. Those that the plan left unchanged were
        never there: their numbers follow all others. Of a result the rows tell no seconds and no
        sizes, of an item no tries: its sidecar does.

        Args:
            state: Only items in this state; None for all.
            after: Only items of larger numbers.
        """
        queued, unchanged = count(0), count(self.status.batch.queued)
        for row in self.rows():
            number = next(unchanged if row.earlier else queued)
            if number > after and state in {None, row.state}:
                yield _item(row, number)

    def _fetched(self) -> Path:
        path, address = self._folder / RESULTS_FILE, self.record.join(RESULTS_FILE)
        if not path.exists():
            try:
                self._store.download(address, path, max_bytes=MAX_MANIFEST_BYTES)
            except ObjectMissing as error:
                raise RecordMissing(record=address) from error
        return path

    def _row(self, line: bytes) -> ResultRow:
        try:
            return ResultRow.model_validate_json(line)
        except ValidationError as error:
            reason = first_problems(error, ResultRow.model_fields)
            address = self.record.join(RESULTS_FILE)
            raise RecordInvalid(record=address, reason=reason) from error


@contextmanager
def open_archived(record: S3Address, store: ObjectStore) -> Iterator[ArchivedBatch]:
    """The batch of a folder in S3, as it had ended; what is fetched of it goes with the context.

    Raises:
        BatchNotArchived: The batch has not ended.
        RecordMissing: This is no batch's folder.
        RecordInvalid: The roll-up is none that this release understands.
        StorageError: It may not be read, or S3 refused.
    """
    status = read_roll_up(record, store).status
    with tempfile.TemporaryDirectory(prefix="restyle-archive-") as folder:
        yield ArchivedBatch(status, record, store, Path(folder))


def _item(row: ResultRow, number: int) -> Item:
    """What a row tells of an item, and nothing else is set in it."""
    spec = ItemSpec(number=number, external_id=row.external_id, source=row.source)
    return Item(spec=spec, state=row.state, **_outcome(row))


def _outcome(row: ResultRow) -> dict[str, Result | Failure]:
    if row.code:
        words = {"code": row.code, "message": row.message, "hint": row.hint}
        return {"failure": Failure.model_validate(words | {"sidecar": row.sidecar})}
    if row.fingerprint:
        names = {"fingerprint", "variants", "mask", "sidecar"}
        return {"result": Result.model_validate(row.model_dump(include=names))}
    return {}
