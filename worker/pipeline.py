"""One item's way: fetch, decode, mask, gate, crop, inpaint, composite, encode, upload.

`Pipeline.render` is the whole of it, on one screen; its steps have each a room of their own.
"""

from functools import lru_cache

import structlog

from shared.board import StatusBoard
from shared.errors import RestyleError
from shared.jobs import Claim, Held, Result
from worker.holding import Holding
from worker.inpainting import Inpainting
from worker.masking import Masking
from worker.order import Order
from worker.pixels.crops import plan_crops
from worker.results import Painting, ResultWriter
from worker.sources import Sources
from worker.work import Work

log = structlog.get_logger()

#: Batches whose record a process keeps; a record is immutable.
REMEMBERED_BATCHES = 64


class Pipeline:
    """Renders items; shared by all item threads of a process."""

    def __init__(
        self,
        board: StatusBoard,
        sources: Sources,
        masking: Masking,
        holding: Holding,
        inpainting: Inpainting,
        writer: ResultWriter,
    ) -> None:
        self._batch = lru_cache(REMEMBERED_BATCHES)(lambda name: board.status(name).batch)
        self._sources = sources
        self._masking = masking
        self._holding = holding
        self._inpainting = inpainting
        self._writer = writer

    def render(self, work: Work) -> Result | Held:
        """Render a claimed item and upload its result, or what a person must see before.

        Raises:
            RestyleError: The item cannot be rendered; `retryable` says whether a retry may help.
            Stopped: The item must not go on here.
        """
        times = work.times
        order = Order.of(work.claim, self._batch(work.claim.batch_id))
        self._inpainting.refuse_resting(order)
        with self._sources.opened(order, work) as source:
            order, picture = source.order, source.picture
            work.check()
            with times.stage("mask"):
                mask = self._masking.mask(order, picture)
            work.check()
            if mask.waits(order.style):
                return self._holding.hold(order, picture, mask, times)
            plan = plan_crops(mask.hard, order.style.working_size)
            with times.stage("inpaint"):
                squares = self._inpainting.paint(order, picture, mask, plan, work)
            work.check_claim()
            notes = self._inpainting.unread(order)
            painting = Painting(picture, source.sha256, mask, plan, squares, notes)
            return self._writer.write(order, painting, times)

    def record_failure(self, claim: Claim, error: RestyleError) -> str | None:
        """Leave a sidecar that says why there is no result; a failing S3 only costs this note.

        Returns:
            Its address, or None where it could not be written.
        """
        try:
            return str(self._writer.write_failure(self._batch(claim.batch_id), claim, error))
        except RestyleError as second:
            log.warning("failure sidecar not written", **second.report())
            return None
