"""Submission: items per second onto the board, against bare pipelined writes of the same rows."""

import json
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

from infra.bench.measure import Ratio, best_seconds
from infra.demo import services
from shared.board import StatusBoard
from shared.jobs import Batch, ItemSpec
from shared.settings import Settings
from shared.styles import parse_style

ITEMS = 20_000
#: Commands that the baseline sends before it reads the answers.
SLICE = 1_000


def submission() -> Ratio:
    """Items per second of `add_items` and `seal_batch` on a local Redis."""
    specs = [_spec(number) for number in range(ITEMS)]
    with tempfile.TemporaryDirectory() as folder, services.redis_server(Path(folder)) as server:
        settings = Settings(redis_url=SecretStr(server.url), namespace="bench")
        board = StatusBoard.connect(settings)
        ours = best_seconds(lambda: _submit(board, specs), 1)
        bare = best_seconds(lambda: _write_bare(server.port, specs), 1)
        board.close()
    against = "HSET of the same rows, pipelined over a bare socket"
    return Ratio("submission", ITEMS / ours, ITEMS / bare, "items/s", against)


def _spec(number: int) -> ItemSpec:
    source = f"s3://catalogue/photos/{number:06d}.jpg"
    return ItemSpec(number=number, external_id=f"SKU-{number:06d}", source=source)


def _submit(board: StatusBoard, specs: list[ItemSpec]) -> None:
    batch = Batch(
        batch_id="bench",
        submitted_at=datetime.now(UTC),
        output="s3://catalogue/out/",
        style=parse_style({"mask": "the dress", "paint": "a red dress"}, where="bench"),
        models={},
        total=len(specs),
        manifest_digest="0" * 64,
    )
    board.open_batch(batch)
    board.add_items(batch.batch_id, specs)
    board.seal_batch(batch.batch_id)


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
