"""An S3 in memory that answers late, so that a benchmark measures its client and not a server.

python -m infra.bench.latency PORT SECONDS
"""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from infra.demo import services
from infra.s3.memory import MemoryStore, Request
from infra.s3.wire import raw, serve


@dataclass(frozen=True, slots=True)
class LateServer:
    """Answers out of a store, each answer so many seconds late."""

    store: MemoryStore
    seconds: float

    async def respond(self, request: Request, writer: asyncio.StreamWriter) -> None:
        """Wait, then answer."""
        await asyncio.sleep(self.seconds)
        writer.write(raw(self.store.answer(request), request.method))


@contextmanager
def late_s3(folder: Path, seconds: float) -> Iterator[services.S3Server]:
    """Run the server in a process of its own until the block ends.

    Args:
        folder: For its log; the objects lie in memory.
        seconds: How late each answer is.
    """
    port = services.free_port()
    command = [sys.executable, "-m", "infra.bench.latency", str(port), str(seconds)]
    with services.running(command, port, folder / "late-s3.log") as process:
        yield services.S3Server(f"http://127.0.0.1:{port}", "BENCH", "bench", folder, process)


def main() -> None:
    """Serve until SIGTERM."""
    port, seconds = int(sys.argv[1]), float(sys.argv[2])
    asyncio.run(serve(port, LateServer(MemoryStore(), seconds).respond))


if __name__ == "__main__":
    main()
