"""Warm-up: named models are loaded, and paint once in each bucket's size, before the first claim.

What is compiled on a GPU is compiled then, or read from the cache of an earlier process. Not
covered: calls without guidance, whose graphs are made when they first come.
"""

import time
from collections.abc import Sequence

import numpy as np
import structlog

from shared.errors import RestyleError
from shared.optimizations import WarmUp
from shared.references import resolve
from shared.s3 import ObjectStore
from worker.batching import Batcher
from worker.inpaint.protocol import InpaintRequest
from worker.models.fetch import ModelStore

log = structlog.get_logger()


class WarmingUp:
    """The models that a process is warmed up for."""

    def __init__(
        self,
        models: ModelStore,
        store: ObjectStore,
        batcher: Batcher[np.ndarray],
        wanted: Sequence[WarmUp],
        sizes: Sequence[int],
    ) -> None:
        """Do nothing yet; `sizes` are those of the calls to warm up for."""
        self._models, self._store, self._batcher = models, store, batcher
        self._wanted, self._sizes = wanted, sizes

    def run(self) -> None:
        """Warm all of them up; one that cannot be is told in the log, and costs its items later."""
        for one in self._wanted:
            began = time.monotonic()
            try:
                self._warm(one)
            except RestyleError as error:
                log.warning("not warmed up", model=one.reference, **error.report())
            else:
                seconds = round(time.monotonic() - began, 1)
                log.info("warmed up", model=one.reference, side=one.side, seconds=seconds)

    def _warm(self, one: WarmUp) -> None:
        model = resolve(one.reference, store=self._store)
        with self._models.using(model) as directory:
            for size in self._sizes:
                asked = self._batcher.submit_all([_blank(str(directory), one.side)] * size)
                for future in asked:
                    future.result()


def _blank(directory: str, side: int) -> InpaintRequest:
    grey = np.full((side, side, 3), 128, np.uint8)
    return InpaintRequest(
        model=directory, picture=grey, mask=grey[..., 0].copy(), prompt="", steps=1
    )
