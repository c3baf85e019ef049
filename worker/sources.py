"""Sources: an item's picture, fetched, weighed, decoded and pinned."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import BytesIO

from shared.board import StatusBoard
from shared.errors import ImageEmpty, ImageTruncated, SourceChanged
from shared.pictures import Limits, read_header
from shared.s3 import ObjectInfo, ObjectStore
from worker.images import Picture, decode
from worker.memory import MemoryBudget
from worker.order import Order
from worker.timings import Timings
from worker.work import Work

#: An empty or truncated file is asked for once more after so many seconds: some stores show an
#: upload that is still under way.
SECOND_LOOK_SECONDS = 2.0
#: Peak memory of one item's way, from the file to the last upload, per pixel of its source;
#: measured by `python -m infra.bench.memory`.
BYTES_PER_PIXEL = 22


class Sources:
    """Opens sources; shared by all item threads of a process."""

    def __init__(
        self, board: StatusBoard, store: ObjectStore, limits: Limits, memory: MemoryBudget
    ) -> None:
        self._board = board
        self._store = store
        self._limits = limits
        self._memory = memory

    @contextmanager
    def opened(self, order: Order, work: Work, times: Timings) -> Iterator[tuple[Order, Picture]]:
        """The decoded source, and the order pinned to it; its memory is kept for the block.

        Raises:
            ImageError: The picture cannot be used.
            SourceChanged: It is not the one that was submitted, or first claimed.
            StorageError: S3 does not give it.
            Stopped: The item must not go on here.
        """
        with ExitStack() as held:
            try:
                info, picture = self._decoded(order, work, times, held)
            except (ImageEmpty, ImageTruncated):
                held.close()
                time.sleep(SECOND_LOOK_SECONDS)
                work.check()
                info, picture = self._decoded(order, work, times, held)
            yield self._pinned(order, info), picture

    def _decoded(
        self, order: Order, work: Work, times: Timings, held: ExitStack
    ) -> tuple[ObjectInfo, Picture]:
        source, limits = str(order.source), self._limits
        with times.stage("fetch"):
            info, body = self._fetch(order)
        with times.stage("wait"):
            header = read_header(BytesIO(body), byte_count=len(body), source=source, limits=limits)
            width, height = header.size
            held.enter_context(self._memory.held(BYTES_PER_PIXEL * width * height, work.check))
        with times.stage("decode"):
            return info, decode(body, source=source, limits=limits)

    def _fetch(self, order: Order) -> tuple[ObjectInfo, bytes]:
        info = self._store.head(order.source)
        self._limits.check_bytes(info.size, source=str(order.source))
        # What a listing saw at submission counts before what lies there now.
        wanted = order.claim.spec.etag or info.etag
        return info, self._store.get(order.source, etag=wanted, max_bytes=self._limits.max_bytes)

    def _pinned(self, order: Order, info: ObjectInfo) -> Order:
        """Hold the item to the picture that its first claim decoded."""
        spec = order.claim.spec
        fetched = spec.etag or info.etag
        size = info.size if spec.size is None else spec.size
        pin = self._board.pin_source(order.claim, fetched, size)
        if pin.etag != fetched:
            raise SourceChanged(address=order.source, expected=pin.etag)
        return order.pinned(pin.etag, pin.size)
