"""Result, Failure, Held: what a worker reports of an item."""

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from shared.errors import RestyleError
from shared.gate import FrozenMask, Gate
from shared.record import Record

#: What waits for a person: a mask before anything is painted, or painted pictures.
Stage = Literal["mask", "result"]


class Failure(Record):
    """Why an item failed; the same words on the board, in `--json` and in the sidecar."""

    code: str
    message: str
    hint: str
    details: dict[str, Any] = Field(default_factory=dict)
    #: s3:// address of the JSON that says the same beside the results, where it could be written.
    sidecar: str | None = None

    @classmethod
    def of(cls, error: RestyleError, sidecar: str | None = None) -> Self:
        """The failure that an error stands for."""
        return cls.model_validate({**error.report(), "sidecar": sidecar})


class Result(Record):
    """Where an item's outputs are and what they are; the sidecar has the rest."""

    fingerprint: str
    #: s3:// addresses, variant 1 first.
    variants: tuple[str, ...]
    mask: str
    sidecar: str
    #: Seconds from claim to report; 0 where that is not told.
    render_seconds: float = Field(0, ge=0)
    #: Seconds that devices worked for it; of a call that it shared, its part.
    device_seconds: float = Field(0, ge=0)
    #: Bytes of its variants.
    size: int = Field(0, ge=0)
    #: SHA-256 (hex) of the source's bytes.
    source_sha256: str | None = None
    #: ETag of the supplied mask.
    mask_etag: str | None = None
    #: What the gate says of its mask; None where the mask was supplied.
    gate: Gate | None = None
    #: s3:// address of the strip of small pictures: source, mask, variants.
    thumbnails: str | None = None


class Held(Record):
    """What waits for a person."""

    stage: Stage
    #: None where the mask was supplied.
    gate: Gate | None = None
    #: What an approval freezes; always there at stage `mask`.
    mask: FrozenMask | None = None
    #: s3:// address of the segmenter's probabilities: 8-bit grey PNG, 255 for certain.
    map: str | None = None
    #: s3:// address of the strip of small pictures: source, mask, variants.
    thumbnails: str | None = None
    #: At stage `result`: the outputs, which lie under the staging prefix.
    result: Result | None = None
    #: Seconds that devices worked for the claim that ends with it.
    device_seconds: float = Field(0, ge=0)

    @model_validator(mode="after")
    def _something_waits(self) -> Self:
        if (self.mask if self.stage == "mask" else self.result) is None:
            msg = f"at stage {self.stage} there must be a {self.stage}"
            raise ValueError(msg)
        return self

    @property
    def flagged(self) -> bool:
        """Whether the gate held it back: not because somebody asked to see everything."""
        return self.stage == "mask" and self.gate is not None and bool(self.gate.reasons)
