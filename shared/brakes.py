"""Brakes: what stops a batch on its way, between two of its items."""

from typing import Literal

from pydantic import Field

from shared.record import Record

#: What may pause a batch: a person, a cap, its breaker, or that its pilot is over.
PauseReason = Literal["person", "budget", "breaker", "pilot"]


class Caps(Record):
    """How much of a batch may be rendered before it pauses; in each of its windows anew."""

    #: Items that may be begun.
    items: int | None = Field(None, ge=1)
    #: Seconds that its items may take on devices, batch mates' shares taken off.
    device_seconds: float | None = Field(None, gt=0)


class Pilot(Record):
    """A sample, spread over the batch, that is rendered first; the rest waits for a promotion."""

    items: int = Field(ge=1)
    #: Share of it that must be done for the rest to follow by itself; None: a person decides.
    promote_share: float | None = Field(None, gt=0, le=1)


class Breaker(Record):
    """When a batch stops itself: a wrong folder or a wrong prompt must not cost a night."""

    #: More than this share of the items that have ended failed or were held.
    share: float = Field(0.5, gt=0, le=1)
    #: So many must have ended before that counts.
    least: int = Field(50, ge=1)


class Brakes(Record):
    """All that may pause a batch without a person."""

    caps: Caps = Caps()
    pilot: Pilot | None = None
    #: None for a batch that goes on whatever becomes of its items.
    breaker: Breaker | None = Breaker()
