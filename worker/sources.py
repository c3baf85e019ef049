"""Sources: an item's picture, fetched, weighed, decoded and pinned."""

import hashlib
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

from shared.board import StatusBoard
from shared.errors import ImageEmpty, ImageTruncated, SourceChanged
from shared.pictures.header import Header, read_header
from shared.pictures.limits import Limits
from shared.s3 import ObjectStore
from shared.s3.parts import BLOCK_BYTES
from worker.cores import Cores
from worker.memory import MemoryBudget
from worker.order import Order
from worker.pictures.images import Picture, decode
from worker.risks import Risks
from worker.work import Work

#: An empty or truncated file is asked for once more after so many seconds: some stores show an
#: upload that is still under way.
SECOND_LOOK_SECONDS = 2.0
#: Peak memory of one item's way, from the file to the last upload, in bytes a pixel of its source;
#: these, and what comes on top, are measured by `python -m infra.bench.memory`.
BYTES_PER_PIXEL = 24
#: For transparency ...
ALPHA_BYTES = 8
#: ... and for the encoders that hold a picture in forms of their own.
ENCODER_BYTES = {"WEBP": 12, "AVIF": 24}


def weight_of(header: Header, output_format: str) -> int:
    """The memory in bytes that a picture takes on its way into an output format."""
    container = header.container if output_format == "source" else output_format.upper()
    each = BYTES_PER_PIXEL + ENCODER_BYTES.get(container, 0) + (ALPHA_BYTES if header.alpha else 0)
    return each * header.size[0] * header.size[1]


@dataclass(frozen=True, slots=True)
class Source:
    """An item's picture, decoded."""

    #: The item's order, for the very version of the source that was fetched.
    order: Order
    picture: Picture
    #: Of its file, in hex.
    sha256: str


class Sources:
    """Opens sources; shared by all item threads of a process."""

    def __init__(
        self,
        board: StatusBoard,
        store: ObjectStore,
        limits: Limits,
        memory: MemoryBudget,
        cores: Cores,
        risks: Risks,
    ) -> None:
        self._board = board
        self._store = store
        self._limits = limits
        self._memory = memory
        self._cores = cores
        self._risks = risks

    @contextmanager
    def opened(self, order: Order, work: Work) -> Iterator[Source]:
        """The decoded source; its memory is kept for the block.

        Raises:
            ImageError: The picture cannot be used.
            SourceChanged: It is not the one that was submitted, or first claimed.
            StorageError: S3 does not give it.
            Stopped: The item must not go on here.
        """
        with ExitStack() as held:
            try:
                source = self._decoded(order, work, held)
            except (ImageEmpty, ImageTruncated):
                held.close()
                time.sleep(SECOND_LOOK_SECONDS)
                work.check()
                source = self._decoded(order, work, held)
            yield replace(source, order=self._pinned(source.order))

    def _decoded(self, order: Order, work: Work, held: ExitStack) -> Source:
        source, limits, times = str(order.source), self._limits, work.times
        with times.stage("fetch"):
            order, header, body = self._look(order)
        with times.stage("wait"):
            weight = weight_of(header, order.style.output_format) + (order.claim.spec.size or 0)
            held.enter_context(self._memory.held(weight, order.lane, work.check))
        with times.stage("fetch"):
            body = body or self._whole(order)
        claim = order.claim
        at_risk = self._risks.decoding(claim.name, alone=claim.suspect)
        with at_risk, self._cores.held(order.lane), times.stage("decode"):
            picture = decode(body, source=source, limits=limits)
        return Source(order, picture, hashlib.sha256(body).hexdigest())

    def _look(self, order: Order) -> tuple[Order, Header, bytes]:
        """The source's header, the order for the version that it is of, and a small file whole."""
        listed, source = order.claim.spec, str(order.source)
        # What a listing saw at submission counts before what lies there now.
        with self._store.open(order.source, etag=listed.etag) as file:
            header = read_header(file, byte_count=file.size, source=source, limits=self._limits)
            size = file.size if listed.size is None else listed.size
            body = b""
            if file.size <= BLOCK_BYTES:  # it came with its header
                file.seek(0)
                body = file.read()
            return order.pinned(file.etag, size), header, body

    def _whole(self, order: Order) -> bytes:
        etag, most = order.claim.spec.etag, self._limits.max_bytes
        return self._store.get(order.source, etag=etag, max_bytes=most)

    def _pinned(self, order: Order) -> Order:
        """Hold the item to the picture that its first claim decoded."""
        spec = order.claim.spec
        etag, size = self._board.pin_source(order.claim, str(spec.etag), spec.size or 0)
        if etag != spec.etag:
            raise SourceChanged(address=order.source, expected=etag)
        return order.pinned(etag, size)
