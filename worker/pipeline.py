"""One item's way: fetch, decode, mask, gate, crop, inpaint, composite, encode, upload.

`Pipeline.render` is the whole of it, on one screen; the other methods are its steps.
"""

from functools import lru_cache
from typing import Any

import structlog

from shared.board import StatusBoard
from shared.errors import ImageTooLarge, RestyleError
from shared.jobs import Claim, ResolvedModel, Result
from shared.keys import S3Address
from shared.s3 import ObjectStore
from worker.batching import Batcher
from worker.crops import CropPlan, plan_crops
from worker.drift import Square, corrected
from worker.images import Limits, Picture, decode, decode_mask
from worker.inpaint.protocol import InpaintRequest
from worker.letterbox import letterbox
from worker.masks import check_area, found_mask
from worker.models.fetch import ModelStore
from worker.order import Order
from worker.repaint import Repaint
from worker.results import Painting, ResultWriter
from worker.segment.geometry import segmenter_geometry
from worker.segment.protocol import SegmentRequest
from worker.sidecar import failure_address, failure_sidecar
from worker.timings import Timings
from worker.views import View, views_of
from worker.work import Work

log = structlog.get_logger()

#: Batches whose record a process keeps; a record is immutable.
REMEMBERED_BATCHES = 64


class Pipeline:
    """Renders items; shared by all item threads of a process."""

    def __init__(
        self,
        board: StatusBoard,
        store: ObjectStore,
        models: ModelStore,
        batcher: Batcher[Any],
        limits: Limits,
        writer: ResultWriter,
    ) -> None:
        self._batch = lru_cache(REMEMBERED_BATCHES)(lambda name: board.status(name).batch)
        self._board = board
        self._store = store
        self._models = models
        self._batcher = batcher
        self._limits = limits
        self._writer = writer

    def render(self, work: Work) -> Result:
        """Render a claimed item and upload its result.

        Raises:
            RestyleError: The item cannot be rendered; `retryable` says whether a retry may help.
            Stopped: The item must not go on here.
        """
        times = Timings()
        order = Order.of(work.claim, self._batch(work.claim.batch_id))
        with times.stage("fetch"):
            order, body = self._fetch(order)
        with times.stage("decode"):
            picture = decode(body, source=str(order.source), limits=self._limits)
        work.check()
        with times.stage("mask"):
            mask = self._mask(order, picture)
        work.check()
        plan = plan_crops(mask.hard, order.style.working_size)
        with times.stage("inpaint"):
            squares = self._inpaint(order, picture, mask, plan, work)
        work.check_claim()
        painting = Painting(picture, mask, plan, squares)
        return self._writer.write(order, painting, times)

    def record_failure(self, claim: Claim, error: RestyleError) -> str | None:
        """Leave a sidecar that says why there is no result; a failing S3 only costs this note.

        Returns:
            Its address, or None where it could not be written.
        """
        try:
            batch = self._batch(claim.batch_id)
            address = failure_address(batch, claim)
            body = failure_sidecar(claim, batch, error)
            self._store.put(address, body, content_type="application/json")
        except RestyleError as second:
            log.warning("failure sidecar not written", **second.report())
            return None
        return str(address)

    def _fetch(self, order: Order) -> tuple[Order, bytes]:
        """The source's bytes, and the order pinned to the ETag of the item's first claim."""
        info = self._store.head(order.source)
        if info.size > self._limits.max_bytes:
            limit = f"{self._limits.max_bytes:,} bytes"
            raise ImageTooLarge(source=order.source, size=f"{info.size:,} bytes", limit=limit)
        listed = order.claim.spec
        # What a listing saw at submission counts before what lies there now.
        etag, size = self._board.pin_source(
            order.claim, listed.etag or info.etag, info.size if listed.size is None else listed.size
        )
        body = self._store.get(order.source, etag=etag, max_bytes=self._limits.max_bytes)
        return order.pinned(etag, size), body

    def _mask(self, order: Order, picture: Picture) -> Repaint:
        """What is repainted, found by text or supplied, and past the gate."""
        supplied, source = order.claim.spec.mask, str(order.source)
        if order.segmenter is None:
            repaint = self._supplied_mask(order, picture)
        else:
            repaint = self._found_mask(order, picture, order.segmenter)
        check_area(repaint.hard, style=order.style, source=source, supplied=supplied)
        return repaint

    def _supplied_mask(self, order: Order, picture: Picture) -> Repaint:
        address = S3Address.parse(str(order.claim.spec.mask))
        info = self._store.head(address)
        body = self._store.get(address, etag=info.etag, max_bytes=self._limits.max_bytes)
        where = {"address": str(address), "source": str(order.source)}
        grey = decode_mask(body, size=picture.size, limits=self._limits, **where)
        return Repaint.supplied(grey, info.etag)

    def _found_mask(self, order: Order, picture: Picture, segmenter: ResolvedModel) -> Repaint:
        style, directory = order.style, self._models.fetch(segmenter)
        geometry = segmenter_geometry(directory)
        seen = picture.flattened(style.background)
        square, placement = letterbox(seen, geometry.side, geometry.fill)
        prompts = (*style.mask_prompt, *style.protect_prompts)
        request = SegmentRequest(model=str(directory), picture=square, prompts=prompts)
        logits = self._batcher.submit(request).result()
        found = found_mask(logits, placement, picture.size, style)
        return Repaint.found(found, style, picture.size)

    def _inpaint(
        self, order: Order, picture: Picture, mask: Repaint, plan: CropPlan, work: Work
    ) -> list[list[Square]]:
        """The painted squares at the working size: for each variant, one a crop."""
        seen = picture.flattened(order.style.background)
        views = views_of(seen, mask, plan, order.style.working_size)
        directory = str(self._models.fetch(order.painter))
        # All are asked for before the first is awaited, so that they may share a call.
        asked = [
            [
                self._batcher.submit(_request(order, view, directory, (variant, crop), work))
                for crop, view in enumerate(views, start=1)
            ]
            for variant in range(1, order.style.variants + 1)
        ]
        return [
            [corrected(future.result(), view) for future, view in zip(futures, views, strict=True)]
            for futures in asked
        ]


def _request(
    order: Order, view: View, directory: str, place: tuple[int, int], work: Work
) -> InpaintRequest:
    """What the painter is asked; `place` is the variant's number and the crop's."""
    style = order.style
    return InpaintRequest(
        model=directory,
        picture=view.seen,
        mask=view.mask,
        prompt=style.prompt,
        negative_prompt=style.negative_prompt,
        steps=style.steps,
        guidance_scale=style.guidance_scale,
        scheduler=style.scheduler,
        strength=style.strength,
        seed=order.seed(*place),
        cancelled=work.cancelled,
    )
