"""Polling: how long a look at a large batch takes while its items are being claimed.

python -m infra.bench.polling REDIS_URL    (the claimer, a process of its own)
"""

import itertools
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
from pydantic import SecretStr

from infra.bench.measure import Ratio
from infra.bench.submission import ITEMS, board_settings, fill, spec_of
from infra.bench.yard import open_yard
from infra.demo import services
from shared.board import StatusBoard
from shared.settings import Settings
from shared.states import ItemState

BATCH = "polled"
POLLS = 1_000
#: The best of so many rounds counts: others may be at work on the machine.
ROUNDS = 3
#: Between two polls, as long as a page that many people watch leaves.
PAUSE_SECONDS = 0.002
#: Claims a second: three times what one worker process can render.
CLAIMS_PER_SECOND = 500
LEASE_SECONDS = 600
MOST_MILLISECONDS = 10.0


def polling() -> Ratio:
    """The 99th percentile of `StatusBoard.status`, in milliseconds."""
    with open_yard(0.0) as yard:
        board = StatusBoard.connect(board_settings(yard, BATCH))
        fill(board, [spec_of(number) for number in range(ITEMS)], BATCH)
        with claimer(yard.redis.url):
            await_claims(board)
            ours = min(percentile(lambda: board.status(BATCH)) for _ in range(ROUNDS))
            with socket.create_connection(("127.0.0.1", yard.redis.port)) as bare:
                ping = min(percentile(lambda: _ping(bare)) for _ in range(ROUNDS))
        board.close()
    against = f"PING over a bare socket; {ITEMS:,} items, {CLAIMS_PER_SECOND} claims/s"
    limit = MOST_MILLISECONDS
    return Ratio("status poll, p99", ours, ping, "ms", against, more_is_better=False, limit=limit)


@contextmanager
def claimer(redis_url: str) -> Iterator[None]:
    """A process that claims the batch's items while the context lasts."""
    command = [sys.executable, "-m", "infra.bench.polling", redis_url]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        services.stop(process)


def await_claims(board: StatusBoard) -> None:
    """Wait until the claimer is at work."""
    while not board.status(BATCH).counts.get(ItemState.RUNNING, 0):
        time.sleep(0.05)


def percentile(act: Callable[[], object]) -> float:
    """The 99th percentile of many runs, in milliseconds."""
    seconds = []
    for _ in range(POLLS):
        started = time.perf_counter()
        act()
        seconds.append(time.perf_counter() - started)
        time.sleep(PAUSE_SECONDS)
    return float(np.percentile(seconds, 99)) * 1000


def _ping(connection: socket.socket) -> None:
    connection.sendall(b"PING\r\n")
    connection.recv(64)


def main() -> None:
    """Claim one item after the other until SIGTERM."""
    settings = Settings(redis_url=SecretStr(sys.argv[1]), namespace=BATCH)
    board, started = StatusBoard.connect(settings), time.monotonic()
    for number in itertools.count():
        board.claim(BATCH, number % ITEMS, "bench", LEASE_SECONDS)
        ahead = started + number / CLAIMS_PER_SECOND - time.monotonic()
        time.sleep(max(0.0, ahead))


if __name__ == "__main__":
    main()
