"""Recording: writes the permanent record of a batch, each part before it is needed."""

import json

import yaml

from producer.draft import Draft
from producer.record import (
    batch_address,
    manifest_address,
    plan_address,
    style_address,
    unchanged_address,
)
from shared.jobs import Batch
from shared.s3 import ObjectStore
from shared.styles import Style


def write_inputs(batch: Batch, draft: Draft, store: ObjectStore) -> None:
    """Write style, rows and plan; done first, it also proves that the output can be written.

    Raises:
        StorageError: The output's bucket is missing or may not be written.
    """
    style = style_text(batch.style).encode()
    store.put(style_address(batch), style, content_type="application/yaml")
    if draft.unchanged:
        gzipped = "application/gzip"
        store.put_file(unchanged_address(batch), draft.unchanged_file, content_type=gzipped)
    summary = json.dumps(draft.summary, ensure_ascii=False, indent=2).encode()
    store.put(plan_address(batch), summary, content_type="application/json")
    store.put_file(manifest_address(batch), draft.rows_file, content_type="application/jsonl")


def write_batch(batch: Batch, store: ObjectStore) -> None:
    """Write the batch itself, which makes the record complete.

    Raises:
        StorageError: The output may not be written.
    """
    address = batch_address(batch.output, batch.batch_id)
    content = batch.model_dump_json(indent=2).encode()
    store.put(address, content, content_type="application/json")


def style_text(style: Style) -> str:
    """The style as YAML, which reads as itself."""
    fields = style.model_dump(mode="json")
    return yaml.safe_dump(fields, sort_keys=False, allow_unicode=True, width=100)
