"""Holding: a mask that waits for a person, with all that an approval needs to paint it."""

import hashlib

from shared.gate import FrozenMask
from shared.jobs import Held
from shared.keys import S3Address
from shared.outcomes import own_seconds
from shared.s3 import ObjectStore
from worker.companions import CompanionWriter
from worker.cores import Cores
from worker.order import Order
from worker.pictures.encoding import encode_grey
from worker.pictures.images import Picture
from worker.pixels.repaint import Repaint
from worker.timings import Timings


class Holding:
    """Puts masks into staging; shared by all item threads of a process."""

    def __init__(self, store: ObjectStore, cores: Cores, companions: CompanionWriter) -> None:
        self._store = store
        self._cores = cores
        self._companions = companions

    def hold(self, order: Order, picture: Picture, mask: Repaint, times: Timings) -> Held:
        """Upload what a person looks at, and the alpha that an approval freezes."""
        keys = order.keys(mask.etag, staged=True)
        beside = self._companions.write(order, keys, picture, mask, (), times)
        frozen = self._freeze(order, keys.frozen, mask, times)
        return Held(
            stage="mask",
            gate=mask.gate,
            mask=frozen,
            map=beside.mask.map,
            thumbnails=str(beside.thumbnails),
            device_seconds=round(own_seconds(mask.call), 3) if mask.call else 0,
        )

    def _freeze(
        self, order: Order, address: S3Address, mask: Repaint, times: Timings
    ) -> FrozenMask:
        with self._cores.held(order.lane), times.stage("encode"):
            body = encode_grey(mask.alpha)
        with times.stage("upload"):
            self._store.put(address, body, content_type="image/png")
        return FrozenMask(address=str(address), sha256=hashlib.sha256(body).hexdigest())
