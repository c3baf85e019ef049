"""Masking: what is repainted in a picture, found by text, supplied, or approved before."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shared.gate import FrozenMask
from shared.jobs import ResolvedModel
from shared.keys import S3Address
from shared.labels import read_labels
from shared.pictures.limits import Limits
from shared.s3 import ObjectStore
from worker.batching import Batcher
from worker.cores import Cores
from worker.frozen import frozen_bytes, map_bytes
from worker.models.supply import Supply
from worker.order import Order
from worker.pictures.images import Picture, decode_map, decode_mask
from worker.pixels.letterbox import letterbox
from worker.pixels.masks import found_mask, refuse_empty, refuse_too_large
from worker.pixels.repaint import Repaint
from worker.risks import Risks
from worker.segment.geometry import segmenter_geometry
from worker.segment.protocol import SegmentRequest


class Masking:
    """Makes masks; shared by all item threads of a process."""

    def __init__(
        self,
        store: ObjectStore,
        models: Supply,
        batcher: Batcher[Any],
        limits: Limits,
        cores: Cores,
        risks: Risks,
    ) -> None:
        self._store = store
        self._models = models
        self._batcher = batcher
        self._limits = limits
        self._cores = cores
        self._risks = risks

    def mask(self, order: Order, picture: Picture) -> Repaint:
        """What is repainted, past the gate or waiting at it.

        Raises:
            LabelUnknown: A prompt names none of the labels of its segmenter.
            MaskError: It must not be painted.
            RestyleError: It cannot be found or fetched.
        """
        style, source = order.style, str(order.source)
        repaint = self._repaint(order, picture)
        refuse_empty(repaint.hard, style=style, source=source, supplied=order.claim.spec.mask)
        if not repaint.frozen and not repaint.waits(style):
            refuse_too_large(repaint.hard, style=style, source=source)
        return repaint

    def _repaint(self, order: Order, picture: Picture) -> Repaint:
        if order.frozen:
            return self._frozen_mask(order, picture, order.frozen)
        if order.segmenter:
            return self._found_mask(order, picture, order.segmenter)
        return self._supplied_mask(order, picture)

    def _frozen_mask(self, order: Order, picture: Picture, frozen: FrozenMask) -> Repaint:
        source, limits = str(order.source), self._limits
        body = frozen_bytes(frozen, self._store, source=source, max_bytes=limits.max_bytes)
        chances = map_bytes(frozen, self._store, max_bytes=limits.max_bytes)
        with self._decoding(order):
            where = {"address": frozen.address, "source": source}
            alpha = decode_mask(body, size=picture.size, limits=limits, **where)
            found_in = (
                decode_map(chances, address=frozen.address, limits=limits) if chances else None
            )
            return Repaint.approved(alpha, found_in, order.style, frozen)

    def _supplied_mask(self, order: Order, picture: Picture) -> Repaint:
        address = S3Address.parse(str(order.claim.spec.mask))
        info = self._store.head(address)
        body = self._store.get(address, etag=info.etag, max_bytes=self._limits.max_bytes)
        where = {"address": str(address), "source": str(order.source)}
        with self._decoding(order):
            grey = decode_mask(body, size=picture.size, limits=self._limits, **where)
            return Repaint.supplied(grey, info.etag)

    @contextmanager
    def _decoding(self, order: Order) -> Iterator[None]:
        claim = order.claim
        at_risk = self._risks.decoding(claim.name, alone=claim.suspect)
        with at_risk, self._cores.held(order.lane):
            yield

    def _found_mask(self, order: Order, picture: Picture, segmenter: ResolvedModel) -> Repaint:
        style = order.style
        with self._models.using(segmenter) as directory:
            geometry = segmenter_geometry(directory)
            prompts = (*style.mask_prompt, *style.protect_prompts)
            _refuse_unknown(prompts, segmenter, directory)
            with self._cores.held(order.lane):
                seen = picture.flattened(style.background)
                square, placement = letterbox(seen, geometry.side, geometry.fill)
                square = picture.space.to_srgb(square)
            request = SegmentRequest(
                model=str(directory),
                digest=segmenter.digest,
                picture=square,
                prompts=prompts,
                claim=order.claim.name,
                suspect=order.claim.suspect,
                lane=order.lane,
            )
            answer = self._batcher.submit(request).result()
        with self._cores.held(order.lane):
            found = found_mask(answer.value, placement, picture.size, style)
            return Repaint.found(found, style, picture.size, answer.call)


def _refuse_unknown(prompts: Sequence[str], segmenter: ResolvedModel, directory: Path) -> None:
    """Fail an item for its words before the device sees it: its batch mates have other words."""
    labels = read_labels(directory, segmenter.reference)
    if labels:
        for prompt in prompts:
            labels.select(prompt)
