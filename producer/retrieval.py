"""Retrieval: a batch's permanent record, read back from S3 and checked before it is believed."""

import hashlib
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from producer.manifest import MAX_MANIFEST_BYTES
from producer.record import batch_address, manifest_address
from producer.specs import spec_of
from shared.errors import ObjectMissing, RecordInvalid, RecordMissing
from shared.jobs import Batch, ItemSpec
from shared.keys import S3Address, is_replay
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
    _refuse_elsewhere(batch, address)
    return batch


def _batch_file(place: str) -> S3Address:
    if place.endswith(f"/{BATCH_FILE}"):
        return S3Address.parse_object(place, kind="place of a record")
    return S3Address.parse_prefix(place, kind="place of a record").join(BATCH_FILE)


def _refuse_elsewhere(batch: Batch, address: S3Address) -> None:
    own = batch_address(batch.output, batch.batch_id)
    if own != address:
        reason = f"it tells of {own}, and results are looked for beside that"
        raise RecordInvalid(record=address, reason=reason)
    if is_replay(batch.output, batch.batch_id):
        reason = "it is that of a replay, which `restyle replay` starts anew"
        raise RecordInvalid(record=address, reason=reason)


@dataclass(frozen=True, slots=True)
class RecordedRows:
    """A batch's rows, whole, as a file on this disk."""

    _path: Path

    def specs(self) -> Iterator[ItemSpec]:
        """Every item's spec, in the manifest's order."""
        with self._path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines):
                yield spec_of(json.loads(line), number)


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
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != batch.manifest_digest:
            reason = f"its digest is {digest[:12]}, and {batch.manifest_digest[:12]} was submitted"
            raise RecordInvalid(record=address, reason=reason)
        yield RecordedRows(path)
