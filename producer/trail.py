"""Trail: who decided what of a batch's items, kept in its folder for good."""

import json
import shutil
import tempfile
from collections.abc import Container, Iterator
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

    Decisions that the file has and the board has not, as after `restyle recover`, stay in it.

    Returns:
        Its address; nothing for a batch of which nobody decided anything.

    Raises:
        BoardError: Redis did not answer.
        StorageError: S3 refused, or did not answer.
    """
    address = batch_file(batch.output, batch.batch_id, TRAIL_FILE)
    if not board.decisions(batch.batch_id, limit=1):
        return [address] if store.exists(address) else []
    with tempfile.TemporaryDirectory(prefix="restyle-") as folder:
        path, newer = Path(folder) / TRAIL_FILE, Path(folder) / "newer.jsonl"
        told = _write(newer, board, batch.batch_id)
        with path.open("wb") as sink, newer.open("rb") as lines:
            sink.writelines(_earlier(store, address, told))
            shutil.copyfileobj(lines, sink)
        store.put_file(address, path, content_type="application/x-ndjson")
    return [address]


def _write(path: Path, board: StatusBoard, batch_id: str) -> set[str]:
    """Write what the board knows; returns the ids of these decisions."""
    told = set()
    with path.open("w", encoding="utf-8") as sink:
        for decision, numbers in board.each_decision(batch_id):
            line = decision.model_dump(mode="json") | {"numbers": numbers}
            sink.write(json.dumps(line, ensure_ascii=False) + "\n")
            told.add(decision.id)
    return told


def _earlier(store: ObjectStore, address: S3Address, told: Container[str]) -> Iterator[bytes]:
    """The lines that lie there already, of other decisions than these."""
    if not store.exists(address):
        return
    with store.open(address) as lines:
        yield from (line for line in lines if json.loads(line)["id"] not in told)
