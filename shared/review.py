"""Review: what people decide of items, and by what they choose them."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import Field, model_validator

from shared.record import Record
from shared.results import Held, Stage
from shared.states import ItemState

#: What a person does to items; `undo` takes one of the others back.
Action = Literal["approve", "reject", "pick", "undo"]
#: The usual reasons of a rejection; any other short text is one too.
RejectReason = Literal["wrong_mask", "bad_edge", "wrong_colour", "artefact", "other"]
REJECT_REASONS: tuple[RejectReason, ...] = get_args(RejectReason)
#: Characters of a rejection's reason.
MAX_REASON = 200
#: A decision's id; whoever makes it makes it up.
DECISION_ID = r"^[A-Za-z0-9_-]{1,64}$"


class Decision(Record):
    """What a person, or a token, did to items."""

    #: Repeating a decision under its id changes nothing more.
    id: Annotated[str, Field(pattern=DECISION_ID)]
    action: Action
    #: Who: a login name, or a token's name.
    by: str = Field(max_length=200)
    #: When, by Redis' clock; None until the board has it.
    at: datetime | None = None
    reason: str = Field("", max_length=MAX_REASON)
    #: The stage at which the items were seen: what is held at another by then is left alone.
    stage: Stage | None = None
    #: The variant that was picked, from 1.
    variant: int | None = Field(None, ge=1)
    #: The id of the decision that this one takes back.
    undoes: str | None = None
    #: Items that it changed.
    moved: int = Field(0, ge=0)
    #: The filter that chose the items, where one did.
    filter: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _a_pick_names_a_variant(self) -> Self:
        if (self.action == "pick") != (self.variant is not None):
            msg = "a pick, and nothing else, names a variant"
            raise ValueError(msg)
        return self


class Filter(Record):
    """Which of a batch's items; a field that is not given asks for nothing."""

    #: In one of these states; none: in any.
    states: frozenset[ItemState] = frozenset()
    #: Held, or rejected, at this stage.
    stage: Stage | None = None
    #: With a gate's score under this one.
    score_below: float | None = None
    #: With a gate's score of at least this one.
    score_from: float | None = None
    #: With this among the gate's reasons.
    reason: str | None = None
    #: Whether the gate found nothing to complain about.
    passed: bool | None = None
    #: Failed with this code.
    code: str | None = None
    #: With this text in external_id or source, capital or small.
    text: str | None = None
    #: Whether the result is approved and its publication under way.
    approved: bool | None = None


__all__ = ["MAX_REASON", "REJECT_REASONS", "Action", "Decision", "Filter", "Held", "RejectReason"]
