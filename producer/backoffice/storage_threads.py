"""StorageThreads: few, and of their own, so that an S3 that hangs keeps nobody from the board."""

from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from starlette.concurrency import run_in_threadpool

from producer.batches import BatchReader
from shared.board import StatusBoard
from shared.s3 import ObjectStore

#: Threads that wait for S3; whoever finds none free waits in none.
THREADS = 16

R = TypeVar("R")


class _Away(Exception):
    """What is asked for has left the board."""


class StorageThreads:
    """Runs what asks S3; used by the event loop's thread."""

    def __init__(self, threads: int = THREADS) -> None:
        """None runs yet.

        Args:
            threads: So many calls run at a time; the others wait.
        """
        self._limiter = CapacityLimiter(threads)

    async def run(self, call: Callable[..., R], *arguments: object) -> R:
        """What a call returns that asks S3."""
        return await to_thread.run_sync(call, *arguments, limiter=self._limiter)

    async def read(
        self, call: Callable[[BatchReader], R], board: StatusBoard, store: ObjectStore
    ) -> R:
        """What a call on batches returns; only one that has left the board is asked of S3.

        Args:
            call: May be made twice, on the board alone and then on both.
            board: Is asked first, in the threads of all requests.
            store: Has the batches that have left it.
        """
        try:
            return await run_in_threadpool(call, BatchReader(board, _away))
        except _Away:
            return await self.run(call, BatchReader(board, lambda: store))


def _away() -> ObjectStore:
    raise _Away
