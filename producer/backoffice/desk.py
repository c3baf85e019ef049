"""Desk: where people wait for a rendering; few at a time, and none of them holds a thread."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from producer.rendering import rendering
from shared.board import StatusBoard
from shared.errors import RenderingsBusy
from shared.jobs import Item, ResolvedModel
from shared.references import resolve
from shared.s3 import ObjectStore
from shared.states import FINAL

#: Requests that hold pictures or wait for one at the same time; each may hold 80 MB.
MAX_WAITING = 16
#: Between two looks at the board: the first pause, how it grows, and the longest one, in seconds.
FIRST_PAUSE, GROWTH, LONGEST_PAUSE = 0.05, 1.5, 0.5
#: A reference's digest is not asked for again for so long: a directory is read whole for it.
REMEMBERED_SECONDS = 30.0


class Desk:
    """Counts who waits; used by the event loop's thread alone, but for `resolved`."""

    def __init__(self, places: int = MAX_WAITING) -> None:
        """Nobody waits.

        Args:
            places: So many may wait at a time.
        """
        self._places = places
        self._models: dict[str, tuple[float, ResolvedModel]] = {}

    @contextmanager
    def place(self) -> Iterator[None]:
        """One of the places, while the context lasts.

        Raises:
            RenderingsBusy: None is free.
        """
        if self._places <= 0:
            raise RenderingsBusy
        self._places -= 1
        try:
            yield
        finally:
            self._places += 1

    async def ended(
        self, rendering_id: str, board: StatusBoard, seconds: float, request: Request
    ) -> Item:
        """Wait for a rendering's end, or until the time is over or nobody listens any more.

        Raises:
            BoardError: Redis did not answer.
        """
        deadline, pause = time.monotonic() + seconds, FIRST_PAUSE
        while True:
            item = await run_in_threadpool(rendering, rendering_id, board)
            left = deadline - time.monotonic()
            if item.state in FINAL or left <= 0 or await request.is_disconnected():
                return item
            await asyncio.sleep(min(pause, left))
            pause = min(pause * GROWTH, LONGEST_PAUSE)

    def resolved(self, reference: str, store: ObjectStore) -> ResolvedModel:
        """What a model reference stands for, or stood for a moment ago.

        Raises:
            ModelError: It leads nowhere.
            StorageError: S3 cannot be asked for an archive.
        """
        now = time.monotonic()
        looked_at, model = self._models.get(reference, (float("-inf"), None))
        if model is None or now - looked_at > REMEMBERED_SECONDS:
            self._models = {
                name: kept
                for name, kept in self._models.items()
                if now - kept[0] <= REMEMBERED_SECONDS
            }
            model = resolve(reference, store=store)
            self._models[reference] = (now, model)
        return model
