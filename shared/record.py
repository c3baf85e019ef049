"""Record: the base of all stored values, frozen and strict."""

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """Base of all stored values."""

    model_config = ConfigDict(frozen=True, extra="forbid")
