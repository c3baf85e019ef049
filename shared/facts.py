"""Facts: what sidecars are made of: addresses, calls on the device, stored files and masks."""

from typing import Annotated, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from shared.errors import AddressInvalid
from shared.gate import FrozenMask, Gate
from shared.keys import S3Address
from shared.record import Digest, Record


def _object_address(text: str) -> str:
    try:
        return str(S3Address.parse_object(text))
    except AddressInvalid as error:
        msg = f"is no S3 address, since {error.facts['reason']}"
        raise ValueError(msg) from error


def _at_an_address(mask: FrozenMask) -> FrozenMask:
    _object_address(mask.address)
    return mask


Address = Annotated[str, AfterValidator(_object_address)]
Frozen = Annotated[FrozenMask, AfterValidator(_at_an_address)]


class Facts(Record):
    """Base of all that a sidecar holds."""

    model_config = ConfigDict(allow_inf_nan=False)


class Call(Facts):
    """The call on the device that computed something."""

    #: Other requests in it; further variants of the same item count as such.
    batch_mates: int = Field(ge=0)
    #: How long the device worked on it, for all of its requests together; a stage of
    #: `timings_seconds` also counts the wait for mates and for the device.
    seconds: float = Field(ge=0)


class StoredFile(Facts):
    """A file beside the sidecar."""

    address: Address
    sha256: Digest


class MaskFacts(StoredFile):
    """What could change."""

    #: Address and ETag of the row's own mask; None where it was found by text.
    supplied: Address | None
    supplied_etag: str | None
    #: Fraction of the picture, 0 to 1.
    area: float = Field(ge=0, le=1)
    #: The call that found it; None where it was supplied, or frozen before.
    call: Call | None
    #: What the gate said of it; None where it was supplied.
    gate: Gate | None = None
    #: The approved mask that was used in place of a new one.
    frozen: Frozen | None = None
    #: The segmenter's probabilities, at its own resolution.
    map: Address | None = None

    @model_validator(mode="after")
    def _a_supplied_one_is_not_judged(self) -> Self:
        if self.supplied is not None and (self.gate or self.frozen or self.map):
            msg = "it is supplied, and yet has what only a mask found by text has"
            raise ValueError(msg)
        return self

    @property
    def batch_mates(self) -> int | None:
        """Other requests in its call; None where there was none."""
        return self.call.batch_mates if self.call else None
