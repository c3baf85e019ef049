"""Trail: who decided what of a batch's items, kept in its folder for good."""

import json
import tempfile
from pathlib import Path

from shared.board import StatusBoard
from shared.jobs import Batch
from shared.keys import S3Address, batch_file
from shared.s3 import ObjectStore

TRAIL_FILE = "decisions.jsonl"


def write_trail(board: StatusBoard, store: ObjectStore, batch: Batch) -> list[S3Address]:
    """Write decisions.jsonl beside the results, the oldest decision first; harmless if repeated.

    A line is the decision with the `numbers` of the items that it changed: their lines, from 0, in
    the manifest of the batch's record.

    Returns:
        Its address; nothing for a batch of which nobody decided anything.

    Raises:
        BoardError: Redis did not answer.
        StorageError: S3 refused, or did not answer.
    """
    if not board.decisions(batch.batch_id, limit=1):
        return []
    address = batch_file(batch.output, batch.batch_id, TRAIL_FILE)
    with tempfile.TemporaryDirectory(prefix="restyle-") as folder:
        path = Path(folder) / TRAIL_FILE
        with path.open("w", encoding="utf-8") as sink:
            for decision, numbers in board.each_decision(batch.batch_id):
                line = decision.model_dump(mode="json") | {"numbers": numbers}
                sink.write(json.dumps(line, ensure_ascii=False) + "\n")
        store.put_file(address, path, content_type="application/x-ndjson")
    return [address]
