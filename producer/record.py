"""The permanent record of a batch in S3: what a lost Redis is rebuilt from.

Style and manifest lie under names that hold their digests, so that two submissions that race for
one batch id never overwrite each other's; `batch.json` is written by the one that got the id.
"""

import hashlib
from pathlib import Path, PurePosixPath

import yaml
from pydantic import ValidationError

from producer.manifest import Manifest
from producer.reading import Reading
from shared.errors import BatchExists, ManifestUnreadable, ObjectMissing
from shared.jobs import Batch, KeptCatalogue
from shared.keys import S3Address, batch_file, catalogue_file
from shared.s3 import ObjectStore
from shared.styles import Style


def style_address(batch: Batch) -> S3Address:
    """Where the batch's style lies, every field spelled out."""
    return batch_file(batch.output, batch.batch_id, f"style.{batch.style.digest[:12]}.yaml")


def manifest_address(batch: Batch) -> S3Address:
    """Where the batch's rows lie, as a manifest that can be submitted again."""
    digest = batch.manifest_digest
    return batch_file(batch.output, batch.batch_id, f"manifest.{digest[:12]}.jsonl")


def batch_address(output: str, batch_id: str) -> S3Address:
    """Where the batch itself lies, with its models' digests."""
    return batch_file(output, batch_id, "batch.json")


def kept_catalogue(
    output: str, batch_id: str, manifest: Manifest, reading: Reading
) -> KeptCatalogue | None:
    """Where a manifest's own file is kept; None for a listed prefix.

    Raises:
        ManifestUnreadable: The file went away while it was read.
    """
    if manifest.original is None:
        return None
    suffix = PurePosixPath(manifest.name).suffix
    address = catalogue_file(output, batch_id, _digest(manifest.original, manifest.name), suffix)
    form = manifest.recognised.format if manifest.recognised else "own"
    return KeptCatalogue(address=str(address), format=form, reading=reading.model_dump(mode="json"))


def write_inputs(batch: Batch, manifest: Manifest, store: ObjectStore) -> None:
    """Write style, rows and catalogue; done first, it also proves that the output can be written.

    Raises:
        StorageError: The output's bucket is missing or may not be written.
    """
    style = style_text(batch.style).encode()
    store.put(style_address(batch), style, content_type="application/yaml")
    content_type = "application/jsonl"
    store.put(manifest_address(batch), manifest.content(), content_type=content_type)
    _keep(batch, manifest, store)


def _keep(batch: Batch, manifest: Manifest, store: ObjectStore) -> None:
    """Write the manifest's own file, unless a repeated submission has other bytes of equal rows."""
    kept, path = batch.catalogue, manifest.original
    if kept is None or path is None:
        return
    address = S3Address.parse(kept.address)
    suffix = PurePosixPath(kept.address).suffix
    same = catalogue_file(batch.output, batch.batch_id, _digest(path, manifest.name), suffix)
    if same == address:
        with path.open("rb") as file:
            store.put(address, file, content_type="application/octet-stream")


def _digest(path: Path, name: str) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ManifestUnreadable(manifest=name, reason=reason) from error


def write_batch(batch: Batch, store: ObjectStore) -> None:
    """Write the batch itself, which makes the record complete.

    Raises:
        StorageError: The output may not be written.
    """
    address = batch_address(batch.output, batch.batch_id)
    content = batch.model_dump_json(indent=2).encode()
    store.put(address, content, content_type="application/json")


def read_batch(output: str, batch_id: str, store: ObjectStore) -> Batch | None:
    """The batch that was recorded under this id and output, if any.

    Raises:
        BatchExists: Something else lies there.
        StorageError: The output's bucket is missing or may not be read.
    """
    try:
        content = store.get(batch_address(output, batch_id))
    except ObjectMissing:
        return None
    try:
        return Batch.model_validate_json(content)
    except ValidationError as error:
        raise BatchExists(batch=batch_id, difference="the record's form") from error


def style_text(style: Style) -> str:
    """The style as YAML, which reads as itself."""
    fields = style.model_dump(mode="json")
    return yaml.safe_dump(fields, sort_keys=False, allow_unicode=True, width=100)
