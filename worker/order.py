"""Order: what one item asks for, every word of it resolved."""

from dataclasses import dataclass, replace

from shared.fingerprint import PixelInputs, variant_seed
from shared.gate import FrozenMask
from shared.jobs import Batch, Claim, Lane, ResolvedModel
from shared.keys import ResultKeys, S3Address, staging_prefix
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

    @property
    def frozen(self) -> FrozenMask | None:
        """The approved mask to paint with."""
        return self.claim.frozen

    @property
    def finder(self) -> ResolvedModel | None:
        """The segmenter, where a mask must be found."""
        return None if self.frozen else self.segmenter

    @property
    def lane(self) -> Lane:
        """The batch's lane: wherever items wait for their turn, urgent ones go first."""
        return self.batch.lane

    def seed(self, variant: int, crop: int = 1) -> int:
        """The seed of a variant's crop, both from 1."""
        return variant_seed(self.style.seed, self.claim.spec.external_id, variant, crop)

    def pinned(self, etag: str, size: int) -> "Order":
        """The same order for the very object that its claim pinned."""
        spec = self.claim.spec.model_copy(update={"etag": etag, "size": size})
        return replace(self, claim=self.claim.model_copy(update={"spec": spec}))

    def fingerprint(self, mask_etag: str | None) -> str:
        """The fingerprint of the item, once its source is pinned."""
        return PixelInputs.of(self.batch, self.claim.spec, mask_etag).fingerprint

    def keys(self, mask_etag: str | None, *, staged: bool) -> ResultKeys:
        """Where its files go, once its source is pinned: published, or staged for a person."""
        output = str(staging_prefix(self.batch.output)) if staged else self.batch.output
        return ResultKeys.of(output, self.claim.spec.source, self.fingerprint(mask_etag))
