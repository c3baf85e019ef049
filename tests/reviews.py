"""What a worker leaves for a person: masks and results that are held, and their files."""

from datetime import UTC, datetime

from producer.review.publish import Publishing
from shared.fingerprint import PixelInputs
from shared.gate import FrozenMask, Gate
from shared.keys import ResultKeys, S3Address, staging_prefix
from shared.outcomes import result_of
from shared.results import Held
from shared.review import Decision
from shared.sidecars import dump_sidecar

GATE = Gate(score=0.4, reasons=("scattered",), coverage=0.2, margin=0.5, pieces=9, border=0.0)


def decision(action="approve", name="d1", **fields) -> Decision:
    """A person's decision."""
    return Decision(id=name, action=action, by="ada", **fields)


class Reviewer:
    """Plays the worker that holds items of a shop, and who decides them."""

    def __init__(self, shop):
        self.shop, self.board, self.store = shop, shop.board, shop.store

    def hold_mask(self, number=0, batch_id="spring") -> Held:
        """A worker's turn that ends at the gate."""
        claim, keys = self._claimed(number, batch_id)
        self.shop.put(keys.frozen, b"alpha")
        mask = FrozenMask(address=str(keys.frozen), sha256="0" * 64)
        held = Held(stage="mask", gate=GATE, mask=mask, device_seconds=0.5)
        self.board.finish(claim, held)
        return held

    def hold_result(self, number=0, batch_id="spring") -> Held:
        """A worker's turn that ends with files in staging, the sidecar last."""
        claim, keys = self._claimed(number, batch_id)
        batch = self.board.status(batch_id).batch
        told = self.shop._sidecar(batch, claim.spec, keys)
        facts = {"fingerprint": self._fingerprint(claim.spec, batch)}
        told = told.model_copy(update=facts | {"rendered_at": datetime.now(UTC)})
        for variant in told.variants:
            self.shop.put(S3Address.parse(variant.address), b"x" * variant.size)
        self.shop.put(keys.mask, b"mask")
        self.shop.put(keys.sidecar, dump_sidecar(told))
        result = result_of(told, keys.sidecar, 3.5).model_copy(update={"gate": GATE})
        held = Held(stage="result", gate=GATE, result=result, device_seconds=2.5)
        self.board.finish(claim, held)
        return held

    def _claimed(self, number, batch_id):
        claim = self.board.claim(batch_id, number, "host/cpu", 60)
        source = S3Address.parse(claim.spec.source)
        info = self.store.head(source) if self.store.exists(source) else None
        etag, size = (info.etag, info.size) if info else ("e1", 9)
        self.board.pin_source(claim, etag, size)
        spec = claim.spec.model_copy(update={"etag": etag, "size": size})
        batch = self.board.status(batch_id).batch
        staging = str(staging_prefix(batch.output))
        keys = ResultKeys.of(staging, spec.source, self._fingerprint(spec, batch))
        return claim.model_copy(update={"spec": spec}), keys

    @staticmethod
    def _fingerprint(spec, batch):
        return PixelInputs.of(batch, spec, None).fingerprint

    def decide(self, *numbers, batch_id="spring", **fields) -> int:
        """Decide items; returns how many moved."""
        return self.board.decide(batch_id, decision(**fields), numbers).moved

    def publishing(self) -> Publishing:
        """A steward's hands."""
        return Publishing(self.board, self.store)
