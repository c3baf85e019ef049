"""Retrieval: a batch's permanent record, read back from S3 and checked before it is believed."""

import hashlib
import json
import os
import tempfile
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from pydantic import ValidationError

from producer.origin import MAX_MANIFEST_BYTES
from producer.record import batch_address, manifest_address
from producer.specs import spec_of
from shared.errors import ObjectMissing, RecordInvalid, RecordMissing
from shared.jobs import Batch, ItemSpec
from shared.keys import S3Address, is_rendering, is_replay
from shared.s3 import ObjectStore
from shared.wording import first_problems

#: The file that names a batch's folder as well as the folder itself does.
BATCH_FILE = "batch.json"
#: A batch is its style and its models; more is another kind of file.
MAX_BATCH_BYTES = 10_000_000


def recorded_batch(place: str, store: ObjectStore) -> Batch:
    """The batch of a record: of its folder, or of the batch.json in it.

    Raises:
        AddressInvalid: The place is no address.
        RecordMissing: There is no batch.json.
        RecordInvalid: It is none that this release understands, or no submission's, or it was
            copied from where its results lie.
        StorageError: It may not be read, or S3 refused.
    """
    address = _batch_file(place)
    try:
        content = store.get(address, max_bytes=MAX_BATCH_BYTES)
    except ObjectMissing as error:
        raise RecordMissing(record=address) from error
    try:
        batch = Batch.model_validate_json(content)
    except ValidationError as error:
        reason = first_problems(error, Batch.model_fields)
        raise RecordInvalid(record=address, reason=reason) from error
    _refuse_other(batch, address)
    return batch


def _batch_file(place: str) -> S3Address:
    if place.endswith(f"/{BATCH_FILE}"):
        return S3Address.parse_object(place, kind="place of a record")
    return S3Address.parse_prefix(place, kind="place of a record").join(BATCH_FILE)


def _refuse_other(batch: Batch, address: S3Address) -> None:
    own = batch_address(batch.output, batch.batch_id)
    if own != address:
        reason = f"it tells of {own}, and results are looked for beside that"
        raise RecordInvalid(record=address, reason=reason)
    if is_replay(batch.output, batch.batch_id):
        reason = "it is that of a replay, which `restyle replay` starts anew"
        raise RecordInvalid(record=address, reason=reason)
    if is_rendering(batch.output, batch.batch_id):
        reason = "it is that of a rendering, which is asked for anew"
        raise RecordInvalid(record=address, reason=reason)
    if not {batch.style.segmenter, batch.style.painter} <= batch.models.keys():
        raise RecordInvalid(record=address, reason="it does not tell of its style's models")


class RecordedRows:
    """A batch's rows, whole, as a file on this disk; safe for threads."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        #: Where each row ends.
        self._ends = array("Q")
        digest, end = hashlib.sha256(), 0
        for line in file:
            digest.update(line)
            end += len(line)
            self._ends.append(end)
        #: SHA-256 (hex) over all of them.
        self.digest = digest.hexdigest()

    def __len__(self) -> int:
        return len(self._ends)

    def spec(self, number: int) -> ItemSpec:
        """The spec of one item."""
        start = self._ends[number - 1] if number else 0
        # Reads where it is told to, whatever other threads read.
        line = os.pread(self._file.fileno(), self._ends[number] - start, start)
        return spec_of(json.loads(line), number)

    def specs(self) -> Iterator[ItemSpec]:
        """Every item's spec, in the manifest's order."""
        return (self.spec(number) for number in range(len(self)))


@contextmanager
def recorded_rows(batch: Batch, store: ObjectStore) -> Iterator[RecordedRows]:
    """The rows that a batch was submitted with, to the byte.

    Raises:
        RecordMissing: There is no such manifest.
        RecordInvalid: It is not the one that was submitted.
        StorageError: It may not be read, or S3 refused.
    """
    address = manifest_address(batch)
    with tempfile.TemporaryDirectory(prefix="restyle-") as folder:
        path = Path(folder) / "manifest.jsonl"
        try:
            store.download(address, path, max_bytes=MAX_MANIFEST_BYTES)
        except ObjectMissing as error:
            raise RecordMissing(record=address) from error
        with path.open("rb") as file:
            rows = RecordedRows(file)
            if reason := _difference(batch, rows):
                raise RecordInvalid(record=address, reason=reason)
            yield rows


def _difference(batch: Batch, rows: RecordedRows) -> str:
    """How the rows are not those of the batch; empty where they are."""
    if rows.digest != batch.rows_digest:
        told = batch.rows_digest[:12]
        return f"its digest is {rows.digest[:12]}, and {BATCH_FILE} tells of {told}"
    if len(rows) != batch.queued:
        return f"it has {len(rows):,} rows, and {BATCH_FILE} tells of {batch.queued:,}"
    return ""
