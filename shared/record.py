"""Record: the base of all stored values."""

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A frozen, strict value that crosses process borders as JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")
