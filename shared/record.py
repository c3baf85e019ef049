"""Record: the base of all stored values, frozen and strict."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

#: SHA-256 in hex.
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Record(BaseModel):
    """Base of all stored values."""

    model_config = ConfigDict(frozen=True, extra="forbid")
