"""Order: what one item asks for, every word of it resolved."""

from dataclasses import dataclass

from shared.fingerprint import PixelInputs, variant_seed
from shared.jobs import Batch, Claim, ResolvedModel
from shared.keys import S3Address
from shared.styles import Style


@dataclass(frozen=True, slots=True)
class Order:
    """What one item asks for, every word resolved."""

    claim: Claim
    batch: Batch
    style: Style
    painter: ResolvedModel
    #: None where the row supplies its own mask.
    segmenter: ResolvedModel | None

    @classmethod
    def of(cls, claim: Claim, batch: Batch) -> "Order":
        """The batch's style with the row's overrides, and the models that it names."""
        style = batch.style.with_overrides(claim.spec.overrides)
        finds = claim.spec.mask is None
        segmenter = batch.models[style.segmenter] if finds else None
        return cls(claim, batch, style, batch.models[style.painter], segmenter)

    @property
    def source(self) -> S3Address:
        """Where the source lies."""
        return S3Address.parse(self.claim.spec.source)

    def seed(self, variant: int) -> int:
        """The seed of a variant, from 1."""
        return variant_seed(self.style.seed, self.claim.spec.external_id, variant)

    def fingerprint(self, claim: Claim, mask_etag: str | None) -> str:
        """The fingerprint of the item, once its claim has pinned the source."""
        inputs = PixelInputs(
            source=claim.spec.source,
            source_etag=str(claim.spec.etag),
            source_size=claim.spec.size or 0,
            mask_etag=mask_etag,
            style=self.style.digest,
            segmenter=self.segmenter.digest if self.segmenter else None,
            painter=self.painter.digest,
            external_id=claim.spec.external_id,
        )
        return inputs.fingerprint
