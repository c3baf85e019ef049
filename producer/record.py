"""The permanent record of a batch in S3: what a lost Redis is rebuilt from.

Style and manifest lie under names that hold their digests, so that two submissions that race for
one batch id never overwrite each other's; `batch.json` is written by the one that got the id.
"""

import yaml
from pydantic import ValidationError

from producer.manifest import Manifest
from shared.errors import BatchExists, ObjectMissing
from shared.jobs import Batch
from shared.keys import S3Address, batch_file
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


def write_inputs(batch: Batch, manifest: Manifest, store: ObjectStore) -> None:
    """Write style and manifest; done first, it also proves that the output can be written.

    Raises:
        StorageError: The output's bucket is missing or may not be written.
    """
    style = style_text(batch.style).encode()
    store.put(style_address(batch), style, content_type="application/yaml")
    content_type = "application/jsonl"
    store.put(manifest_address(batch), manifest.content(), content_type=content_type)


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
