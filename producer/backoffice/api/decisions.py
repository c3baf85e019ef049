"""Decisions over HTTP: approve, reject, pick, the history of it, and taking one back."""

from typing import Annotated, Literal, Self

from fastapi import APIRouter, Path, Query
from pydantic import Field, model_validator
from starlette.requests import Request

from producer.backoffice.api.filters import Chosen
from producer.backoffice.api.names import MAX_NUMBER, BatchName
from producer.backoffice.asking import TheCaller, TheOffice
from producer.backoffice.gate import remark
from producer.review import decide, new_decision
from shared.record import Record
from shared.results import Stage
from shared.review import DECISION_ID, MAX_REASON, Decision

router = APIRouter(prefix="/batches/{batch}/decisions", tags=["decisions"])

#: Items that one decision may name; a filter may choose more.
MAX_NAMED = 10_000

DecisionName = Annotated[
    str, Path(pattern=DECISION_ID, description="The decision's id, as the list has it.")
]
Number = Annotated[int, Field(ge=0, le=MAX_NUMBER)]


class NewDecision(Record):
    """What is decided of which items: those of the numbers, or all that the filter asks for."""

    action: Literal["approve", "reject", "pick"]
    #: A name of your own, so that one sent once more after a lost answer counts once.
    id: Annotated[str, Field(pattern=DECISION_ID)] | None = None
    numbers: Annotated[list[Number], Field(min_length=1, max_length=MAX_NAMED)] | None = None
    filter: Chosen | None = None
    #: At which the items were seen: mask or result. What is held at another by then is skipped,
    #: since nobody saw it so. An approval names it, here or in its filter.
    stage: Stage | None = None
    #: How many items the person was shown; where the filter asks for others, nothing is decided.
    expect: Annotated[int, Field(ge=0)] | None = None
    #: Of a rejection: wrong_mask, bad_edge, wrong_colour, artefact, other, or a few words.
    reason: str = Field("", max_length=MAX_REASON)
    #: Of a pick, from 1.
    variant: Annotated[int, Field(ge=1, le=16)] | None = None

    @model_validator(mode="after")
    def _one_way_to_the_items(self) -> Self:
        if (self.numbers is None) == (self.filter is None):
            msg = "either `numbers` or `filter` should say which items"
            raise ValueError(msg)
        if (self.variant is not None) != (self.action == "pick"):
            msg = "a pick, and nothing else, should name a `variant`"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _one_stage_was_seen(self) -> Self:
        named = {self.stage, self.filter and self.filter.stage} - {None}
        if len(named) > 1:
            msg = "`stage` should be the one that the filter asks for"
            raise ValueError(msg)
        if self.action == "approve" and not named:
            msg = "an approval should name the `stage` that was seen: mask or result"
            raise ValueError(msg)
        if self.action == "pick" and self.stage:
            msg = "a pick should name no `stage`: a variant stays the same one"
            raise ValueError(msg)
        return self


class Made(Record):
    """What came of a decision."""

    #: Its id, by which it can be taken back.
    decision: str
    #: Items that it changed.
    moved: int
    #: Items that it could not change: not held, or not at that stage, decided by somebody else
    #: first, not there.
    skipped: int


class TakenBack(Record):
    """What came of taking a decision back."""

    #: Items that are as they were before it.
    moved: int
    #: Items of which something was made or decided since.
    too_late: int


class DecisionList(Record):
    """A batch's decisions, the newest first."""

    decisions: list[Decision]


def counted(items: int) -> str:
    """`1 item`, `12 items`, for the audit log."""
    return f"{items} item" if items == 1 else f"{items} items"


@router.post("")
def make_decision(
    request: Request,
    office: TheOffice,
    caller: TheCaller,
    batch: BatchName,
    wish: NewDecision,
) -> Made:
    """Approve, reject or pick; of two people who decide one item, the first wins.

    An approved mask is painted with; an approved result is published; a pick changes no state.
    """
    decision = new_decision(
        wish.action,
        caller.name,
        reason=wish.reason,
        stage=wish.stage,
        variant=wish.variant,
        name=wish.id,
    )
    wanted = wish.filter.filter if wish.filter else wish.numbers or ()
    made = decide(office.board, batch, decision, wanted, expect=wish.expect)
    remark(request, f"{wish.action}, {counted(made.moved)}, {decision.id} {wish.reason}".strip())
    return Made(decision=decision.id, moved=made.moved, skipped=made.skipped)


@router.get("")
def list_decisions(
    office: TheOffice,
    batch: BatchName,
    limit: Annotated[int, Query(ge=1, le=500, description="Most decisions.")] = 100,
) -> DecisionList:
    """Who decided what of the batch's items, and when."""
    return DecisionList(decisions=office.board.decisions(batch, limit=limit))


@router.post("/{decision}/undo")
def undo(
    request: Request,
    office: TheOffice,
    caller: TheCaller,
    batch: BatchName,
    decision: DecisionName,
) -> TakenBack:
    """Take a decision back, as far as nothing was made of it; a second time changes nothing."""
    undone = office.board.undo(batch, decision, caller.name)
    remark(request, f"undo of {decision}, {counted(undone.moved)}")
    return TakenBack(moved=undone.moved, too_late=undone.too_late)
