"""Companions: what lies beside an item's pictures for people: mask, map and thumbnails."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from shared.facts import MaskFacts
from shared.keys import ResultKeys, S3Address
from shared.s3 import ObjectStore
from worker.arrays import Rgb
from worker.cores import Cores
from worker.order import Order
from worker.pictures.encoding import encode_grey, encode_mask, encode_strip
from worker.pictures.images import Picture
from worker.pixels.repaint import Repaint
from worker.pixels.strip import mask_tile, strip, tile
from worker.timings import Timings


@dataclass(frozen=True, slots=True)
class Companions:
    """What was written."""

    mask: MaskFacts
    thumbnails: S3Address


class CompanionWriter:
    """Writes companions; shared by all item threads of a process."""

    def __init__(self, store: ObjectStore, cores: Cores) -> None:
        self._store = store
        self._cores = cores

    def write(
        self,
        order: Order,
        keys: ResultKeys,
        picture: Picture,
        mask: Repaint,
        variants: Sequence[Rgb],
        times: Timings,
    ) -> Companions:
        """Encode and upload them; the map only where text found the mask.

        Args:
            order: The item's.
            keys: Where they go.
            picture: The source.
            mask: Its mask.
            variants: The tiles of what was painted, variant 1 first.
            times: The item's stop watch.
        """
        with self._cores.held(order.lane), times.stage("encode"):
            hard = encode_mask(mask.stored)
            found_in = None if mask.chances is None else encode_grey(mask.chances)
            seen = tile_of(picture, order.style.background)
            small = encode_strip(strip([seen, mask_tile(mask.alpha), *variants]))
        with times.stage("upload"):
            self._store.put(keys.mask, hard, content_type="image/png")
            if found_in:
                self._store.put(keys.map, found_in, content_type="image/png")
            self._store.put(keys.thumbnails, small, content_type="image/jpeg")
        facts = MaskFacts(
            address=str(keys.mask),
            sha256=hashlib.sha256(hard).hexdigest(),
            supplied=order.claim.spec.mask,
            supplied_etag=mask.etag,
            area=round(mask.area, 6),
            call=mask.call,
            gate=mask.gate,
            frozen=mask.frozen,
            map=str(keys.map) if found_in else None,
        )
        return Companions(facts, keys.thumbnails)


def tile_of(picture: Picture, background: str) -> Rgb:
    """A picture as a tile, as seen on a background (`#rrggbb`): uint8, H x W x 3, sRGB."""
    return picture.space.to_srgb(tile(picture.flattened(background)))
