"""A shop that loses its Redis: who submits, a hand that plays the worker, and who recovers."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis

from producer.batches import BatchReader
from producer.plan import Wishes
from producer.recovery import recover
from producer.steward import Ending, retire_batches
from producer.submission import Submission
from producer.submit import submit
from shared.board import StatusBoard
from shared.errors import BatchUnknown, MaskEmpty
from shared.fingerprint import PixelInputs
from shared.jobs import Batch, Failure, ItemSpec, Result
from shared.keys import ResultKeys, S3Address, item_mark
from shared.outcomes import result_of
from shared.settings import Settings
from shared.sidecars import (
    FailedSource,
    FailureSidecar,
    ModelFacts,
    Renderer,
    Sidecar,
    WorkerFacts,
    dump_sidecar,
)
from tests.sidecars import sidecar_of

#: How long ended batches stay.
STAY = timedelta(days=30)
WORKER = WorkerFacts(owner="host/cpu", deliveries=1, retries=0)
SECONDS = {"fetch": 0.5, "inpaint": 3.0}

LIMITS = Settings().limits


class Shop:
    """A bucket, a board, who submits, and a hand that plays the worker."""

    def __init__(self, folder, bucket, store):
        self.folder, self.bucket, self.store = folder, bucket, store
        self.settings = Settings()
        self.board = StatusBoard.connect(self.settings)
        self.model = folder / "model"
        self.model.mkdir()
        (self.model / "weights.safetensors").write_bytes(b"\0" * 16)

    @property
    def output(self) -> str:
        """Where results go."""
        return f"s3://{self.bucket.name}/out/"

    def record(self, batch_id="spring") -> str:
        """The batch's folder."""
        return f"{self.output}_batches/{batch_id}/"

    def source(self, name="a") -> str:
        """A source's address."""
        return f"s3://{self.bucket.name}/in/{name}.jpg"

    def submit(self, *rows, batch_id="spring", **style):
        """Submit rows, by default five of sources without an ETag; returns the batch."""
        rows = rows or [{"external_id": f"SKU-{n}", "source": self.source(n)} for n in range(5)]
        manifest, path = self.folder / "rows.jsonl", self.folder / "style.yaml"
        manifest.write_text("\n".join(json.dumps(row) for row in rows))
        models = {"segmenter": str(self.model), "painter": str(self.model)}
        path.write_text(json.dumps({"mask": "the dress", "paint": "red", **models} | style))
        request = Submission(str(manifest), path, self.output, batch_id, wishes=Wishes(force=True))
        nothing = self.folder / "cache"
        receipt = submit(request, self.board, self.store, dispatch=lambda: None, cache=nothing)
        return receipt.status.batch

    # --- the worker

    def paint(self, number=0, batch_id="spring", /, *, etag="e1", **changes) -> Result:
        """Write an item's result as a worker does, the sidecar last; the board hears nothing."""
        batch, spec = self._pinned(number, batch_id, etag)
        fingerprint = PixelInputs.of(batch, spec, None).fingerprint
        keys = ResultKeys.of(batch.output, spec.source, fingerprint)
        sidecar = self._sidecar(batch, spec, keys)
        facts = {"fingerprint": fingerprint, "rendered_at": datetime.now(UTC)}
        for variant in sidecar.variants:
            self.put(S3Address.parse(variant.address), b"x" * variant.size)
        self.put(keys.mask, b"mask")
        written = sidecar.model_copy(update=facts | changes)
        self.put(keys.sidecar, dump_sidecar(written))
        return result_of(written, keys.sidecar, sum(SECONDS.values()))

    def _pinned(self, number, batch_id, etag) -> tuple[Batch, ItemSpec]:
        spec = self.board.item(batch_id, number).spec
        source = {"etag": spec.etag or etag, "size": spec.size or 9}
        return self.board.status(batch_id).batch, spec.model_copy(update=source)

    def _sidecar(self, batch, spec, keys) -> Sidecar:
        style = batch.style.with_overrides(spec.overrides)
        usual = sidecar_of(self.bucket.name, variants=style.variants)
        source = {"address": spec.source, "etag": spec.etag, "size": spec.size}
        variants = [
            variant.model_copy(update={"address": str(keys.variant(number, "png"))})
            for number, variant in enumerate(usual.variants, 1)
        ]
        models = batch.models
        facts = {
            "batch_id": batch.batch_id,
            "number": spec.number,
            "external_id": spec.external_id,
            "worker": WORKER,
            "source": usual.source.model_copy(update=source),
            "style": style,
            "style_digest": style.digest,
            "models": ModelFacts(segmenter=models[style.segmenter], painter=models[style.painter]),
            "mask": usual.mask.model_copy(update={"address": str(keys.mask)}),
            "variants": tuple(variants),
            "timings_seconds": SECONDS,
        }
        return usual.model_copy(update=facts)

    def render(self, number=0, batch_id="spring", *, etag="e1") -> Result:
        """A worker's whole turn."""
        claim = self.board.claim(batch_id, number, "host/cpu", 60)
        self.board.pin_source(claim, etag, 9)
        result = self.paint(number, batch_id, etag=etag)
        self.board.finish(claim, result)
        return result

    def fail(self, number=1, batch_id="spring") -> None:
        """A worker finds no dress."""
        claim = self.board.claim(batch_id, number, "host/cpu", 60)
        batch, spec = self.board.status(batch_id).batch, claim.spec
        error = MaskEmpty(source=spec.source, reason="no pixel reached 0.5")
        address = ResultKeys.of(batch.output, spec.source, item_mark(batch_id, number)).failure
        told = FailureSidecar(
            batch_id=batch_id,
            number=number,
            external_id=spec.external_id,
            failed_at=datetime.now(UTC),
            renderer=Renderer(version=1, libraries={}),
            worker=WORKER,
            source=FailedSource(address=spec.source),
            style={},
            error=Failure.of(error),
        )
        self.put(address, dump_sidecar(told))
        self.board.finish(claim, Failure.of(error, str(address)))

    def put(self, address, body) -> None:
        """Write an object."""
        self.store.put(address, body, content_type="application/octet-stream")

    # --- the loss

    def lose(self) -> None:
        """Redis loses all that is in the namespace."""
        with redis.Redis.from_url(self.settings.redis_url.get_secret_value()) as server:
            for key in server.scan_iter(f"{self.settings.namespace}:*", count=1_000):
                server.delete(key)
        with pytest.raises(BatchUnknown):
            self.board.status("spring")

    def recover(self, place=None, *, store=None, board=None, **options):
        """Recover a batch; nobody is told."""
        board, store = board or self.board, store or self.store
        return recover(place or self.record(), board, store, dispatch=lambda: None, **options)

    # --- old batches

    def retire(self, *, later=STAY, days=STAY.days) -> list[str]:
        """A steward's beat, some time after now; returns the batches that left."""
        return retire_batches(
            Ending(self.board, self.store, LIMITS), days, now=self.board.clock() + later
        )

    def reader(self) -> BatchReader:
        """Who reads from board and archive."""
        return BatchReader(self.board, lambda: self.store)

    def files(self, batch_id="spring") -> Path:
        """The batch's folder on the server's disk."""
        return self.bucket / "out" / "_batches" / batch_id

    # --- what is on the board

    def items(self, batch_id="spring"):
        """Every item, its fence left out: that of a recovered one is new."""
        found = self.board.items(batch_id, limit=10_000)
        return [item.model_copy(update={"fence": 0}) for item in found]

    def states(self, batch_id="spring"):
        """Every item's state, in order."""
        return [str(item.state) for item in self.board.items(batch_id, limit=10_000)]
