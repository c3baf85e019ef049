"""Submission: items per second, and Redis memory an item, against bare writes of the same rows."""

import csv
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

from infra.bench.measure import Ratio, best_seconds
from infra.bench.yard import Yard, open_yard, style_file
from producer.submission import Submission
from producer.submit import submit
from shared.board import StatusBoard
from shared.jobs import Batch, ItemSpec
from shared.settings import Settings
from shared.styles import parse_style

ITEMS = 100_000
#: Commands that the baseline sends before it reads the answers.
SLICE = 1_000
LEAST_PER_SECOND, MOST_BYTES = 8_000, 700
AGAINST = "HSET of the same rows, pipelined over a bare socket"


def submission() -> list[Ratio]:
    """A local Redis: the board alone, its memory, and a whole `submit` of a CSV manifest."""
    specs = [spec_of(number) for number in range(ITEMS)]
    with open_yard(0.0) as yard:
        board = StatusBoard.connect(board_settings(yard, "bench"))
        empty = board.server_facts().used_memory
        bare = best_seconds(lambda: _write_bare(yard.redis.port, specs), 1)
        written = board.server_facts().used_memory
        ours = best_seconds(lambda: fill(board, specs), 1)
        filled = board.server_facts().used_memory
        whole = best_seconds(lambda: _submit(yard, specs), 1)
        board.close()
    per_item = ((filled - written) / ITEMS, (written - empty) / ITEMS)
    return [
        _speed("board: adding items", ours, bare),
        Ratio("board: memory", *per_item, "bytes", AGAINST, more_is_better=False, limit=MOST_BYTES),
        _speed("submit of a CSV manifest", whole, bare),
    ]


def _speed(name: str, seconds: float, bare_seconds: float) -> Ratio:
    rates = (ITEMS / seconds, ITEMS / bare_seconds)
    return Ratio(name, *rates, "items/s", AGAINST, limit=LEAST_PER_SECOND)


def board_settings(yard: Yard, namespace: str) -> Settings:
    """Settings that lead to the yard's Redis."""
    return Settings(redis_url=SecretStr(yard.redis.url), namespace=namespace)


def spec_of(number: int) -> ItemSpec:
    """One row, as a submission has checked it."""
    source = f"s3://bench/photos/{number:06d}.jpg"
    return ItemSpec(number=number, external_id=f"SKU-{number:06d}", source=source)


def fill(board: StatusBoard, specs: list[ItemSpec], batch_id: str = "bench") -> None:
    """Open, fill and seal a batch of these items."""
    batch = Batch(
        batch_id=batch_id,
        submitted_at=datetime.now(UTC),
        output="s3://bench/out/",
        style=parse_style({"mask": "the dress", "paint": "a red dress"}, where="bench"),
        models={},
        total=len(specs),
        manifest_digest="0" * 64,
    )
    board.open_batch(batch)
    board.add_items(batch.batch_id, specs)
    board.seal_batch(batch.batch_id)


def _submit(yard: Yard, specs: list[ItemSpec]) -> None:
    """All of `restyle submit` but the first messages to workers: there are none."""
    manifest = _write_manifest(yard.folder / "manifest.csv", specs)
    board = StatusBoard.connect(board_settings(yard, "whole"))
    request = Submission(str(manifest), style_file(yard.folder), "s3://bench/out/", "whole")
    submit(request, board, yard.store, cache=yard.folder, dispatch=lambda: None)
    board.close()


def _write_manifest(path: Path, specs: list[ItemSpec]) -> Path:
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["external_id", "source"])
        rows.writerows([spec.external_id, spec.source] for spec in specs)
    return path


def _write_bare(port: int, specs: list[ItemSpec]) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        for start in range(0, len(specs), SLICE):
            part = specs[start : start + SLICE]
            connection.sendall(b"".join(_hset(spec) for spec in part))
            with _lines(connection) as lines:
                for _ in part:
                    next(lines)


def _hset(spec: ItemSpec) -> bytes:
    row = json.dumps([spec.external_id, spec.source])
    words = ("HSET", f"bare:{spec.number}", "state", "queued", "row", row)
    body = b"".join(b"$%d\r\n%s\r\n" % (len(word.encode()), word.encode()) for word in words)
    return b"*%d\r\n%s" % (len(words), body)


@contextmanager
def _lines(connection: socket.socket) -> Iterator[Iterator[bytes]]:
    with connection.makefile("rb") as replies:
        yield iter(replies.readline, b"")
