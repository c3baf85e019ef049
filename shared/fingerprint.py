"""The fingerprint: hash of all that decides an item's pixels; and the seeds it implies."""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Self

from shared.jobs import Batch, ItemSpec

#: Grows when the renderer's own code changes what it paints for the same inputs.
RENDERER_VERSION = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelInputs:
    """All that decides an item's pixels."""

    #: s3:// address, ETag and size in bytes of the very object that is rendered.
    source: str
    source_etag: str
    source_size: int
    #: ETag of the supplied mask; None when the mask is found by text.
    mask_etag: str | None
    #: Digest of the style with the row's overrides applied.
    style: str
    #: Digest of the segmenter; None where a mask is supplied.
    segmenter: str | None
    #: Digest of the painter.
    painter: str
    #: The item's identity, which decides its seeds.
    external_id: str
    #: SHA-256 of a mask that was approved in another batch; None as a rule. One that was approved
    #: in its own batch is the very mask that the segmenter finds, and decides nothing.
    frozen: str | None = None

    @classmethod
    def of(cls, batch: Batch, spec: ItemSpec, mask_etag: str | None) -> Self:
        """What decides an item of a batch, once its source is pinned."""
        style = batch.style.with_overrides(spec.overrides)
        return cls(
            source=spec.source,
            source_etag=str(spec.etag),
            source_size=spec.size or 0,
            mask_etag=mask_etag,
            style=style.digest,
            segmenter=batch.models[style.segmenter].digest if spec.mask is None else None,
            painter=batch.models[style.painter].digest,
            external_id=spec.external_id,
            frozen=spec.frozen.sha256 if spec.frozen else None,
        )

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex) over all of them and the renderer's version."""
        parts = asdict(self) | {"renderer": RENDERER_VERSION}
        if self.frozen is None:
            del parts["frozen"]  # or results of before there were any would count as changed
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def variant_seed(seed: int, external_id: str, variant: int, crop: int = 1) -> int:
    """Seed (63 bits) of one variant, from 1, and one of its crops, from 1.

    Equal whatever the batch mates, size or device. A variant's own seed is that of its first crop.
    """
    words = [seed, external_id, variant] if crop == 1 else [seed, external_id, variant, crop]
    return int.from_bytes(hashlib.sha256(json.dumps(words).encode()).digest()[:8]) >> 1
