"""An S3 in memory that fails at times, and remembers every object that was written to it."""

import asyncio
import hashlib
import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import NamedTuple

from infra.demo import services
from infra.s3.memory import Answer, MemoryStore, Request, refusal
from infra.s3.wire import raw, serve

#: Share of the requests that fail while faults are on, and in a burst of them.
SHARE, BURST_SHARE = 0.03, 0.5
#: A stalled answer is so late, in seconds.
STALL_SECONDS = 1.5
#: What happens to a request; a PUT may be stored and its answer lost.
FAULTS = ("error", "slow-down", "reset-before", "reset-within", "cut-short", "stall", "answer-lost")


class Put(NamedTuple):
    """One object as it was written."""

    path: str
    sha256: str


class FaultyS3:
    """Answers out of a store, or fails by chance; used by its own thread."""

    def __init__(self, seed: int) -> None:
        self.store = MemoryStore()
        #: In the order in which they were stored.
        self.puts: list[Put] = []
        #: Faults so far, by kind.
        self.counts: Counter[str] = Counter()
        #: Share of the requests that fail.
        self.share = 0.0
        self._rng = random.Random(f"s3/{seed}")

    async def respond(self, request: Request, writer: asyncio.StreamWriter) -> None:
        """Answer, or fail in one of the ways."""
        fault = self._rng.choice(FAULTS) if self._rng.random() < self.share else "none"
        self.counts[fault] += 1
        if fault == "stall":
            await asyncio.sleep(STALL_SECONDS)
        if fault == "reset-before":
            writer.transport.abort()
            return
        whole = raw(self._answer(request, fault), request.method)
        if fault in {"reset-within", "cut-short"}:
            writer.write(whole[: len(whole) // 2])
        elif fault != "answer-lost":
            writer.write(whole)
        if fault == "cut-short":
            writer.close()
        elif fault in {"reset-within", "answer-lost"}:
            await writer.drain()
            writer.transport.abort()

    def _answer(self, request: Request, fault: str) -> Answer:
        if fault == "error":
            return refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "InternalError")
        if fault == "slow-down":
            return refusal(HTTPStatus.SERVICE_UNAVAILABLE, "SlowDown")
        if request.method == "PUT":
            self.puts.append(Put(request.path, hashlib.sha256(request.body).hexdigest()))
        return self.store.answer(request)


@contextmanager
def faulty_s3(seed: int) -> Iterator[tuple[FaultyS3, dict[str, str]]]:
    """Serve from a thread until the block ends; gives the server and its environment."""
    server, port, ended = FaultyS3(seed), services.free_port(), threading.Event()
    serving = _serve_until(ended, port, server)
    thread = threading.Thread(target=asyncio.run, args=(serving,), name="s3", daemon=True)
    thread.start()
    try:
        yield server, services.s3_environment(f"http://127.0.0.1:{port}", "CHAOS", "chaos")
    finally:
        ended.set()
        thread.join()


async def _serve_until(ended: threading.Event, port: int, server: FaultyS3) -> None:
    serving = asyncio.create_task(serve(port, server.respond))
    await asyncio.to_thread(ended.wait)
    serving.cancel()
