"""Gate: what was measured of a mask, and the mask that a person let through."""

from pydantic import ConfigDict, Field

from shared.record import Digest, Record


class Gate(Record):
    """What the gate measured of a mask, and what it says."""

    model_config = ConfigDict(allow_inf_nan=False)

    #: 0 to 1; 1 for a mask that there is nothing to complain about.
    score: float = Field(ge=0, le=1)
    #: Of too_large, too_small, uncertain, scattered, at_border; none for a mask in range.
    reasons: tuple[str, ...] = ()
    #: Fraction of the picture.
    coverage: float = Field(ge=0, le=1)
    #: How far the segmenter was from the threshold, 0 to 1.
    margin: float = Field(ge=0, le=1)
    #: Separate areas.
    pieces: int = Field(ge=0)
    #: Share of the picture's border that is masked.
    border: float = Field(ge=0, le=1)


class FrozenMask(Record):
    """A mask that a person approved: these very bytes are used from there on."""

    #: s3://bucket/key of its alpha, an 8-bit grey PNG of the picture's size; above 0 is masked.
    address: str
    sha256: Digest
