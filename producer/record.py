"""The permanent record of a batch in S3: what a lost Redis is rebuilt from.

Style and manifest lie under names that hold their digests, so that two submissions that race for
one batch id never overwrite each other's; `batch.json` is written by the one that got the id.
"""

from pydantic import ValidationError

from shared.errors import BatchExists, ObjectMissing
from shared.jobs import Batch
from shared.keys import S3Address, batch_file
from shared.s3 import ObjectStore


def style_address(batch: Batch) -> S3Address:
    """Where the batch's style lies, every field spelled out."""
    return batch_file(batch.output, batch.batch_id, f"style.{batch.style.digest[:12]}.yaml")


def manifest_address(batch: Batch) -> S3Address:
    """Where the rows of its queued items lie, as a manifest that can be submitted again."""
    return batch_file(batch.output, batch.batch_id, f"manifest.{batch.rows_digest[:12]}.jsonl")


def unchanged_address(batch: Batch) -> S3Address:
    """Where the rows of its unchanged items lie, with their earlier results."""
    name = f"unchanged.{batch.rows_digest[:12]}.jsonl.gz"
    return batch_file(batch.output, batch.batch_id, name)


def plan_address(batch: Batch) -> S3Address:
    """Where what was planned lies, in numbers."""
    return batch_file(batch.output, batch.batch_id, f"plan.{batch.rows_digest[:12]}.json")


def batch_address(output: str, batch_id: str) -> S3Address:
    """Where the batch itself lies, with its models' digests."""
    return batch_file(output, batch_id, "batch.json")


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
