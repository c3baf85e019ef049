"""Steering over HTTP: cancel, pause, resume, promote, retry."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from producer import control
from producer.backoffice.api.names import MAX_NUMBER, BatchName
from producer.backoffice.api.summaries import SummaryView
from producer.backoffice.asking import TheOffice
from shared.record import Record

router = APIRouter(prefix="/batches/{batch}", tags=["batches"])

#: Items that one request may name; who wants more leaves them out.
MAX_NAMED = 10_000


class Retry(Record):
    """Which failed items are to be queued again; those that both fields name."""

    #: Only these items; null for every failed item.
    numbers: (
        Annotated[list[Annotated[int, Field(ge=0, le=MAX_NUMBER)]], Field(max_length=MAX_NAMED)]
        | None
    ) = None
    #: Only failures of these codes; null for any.
    codes: Annotated[list[str], Field(max_length=100)] | None = None


class Queued(Record):
    """What became of a retry."""

    #: Items that wait again.
    queued: int


@router.post("/cancel")
def cancel(office: TheOffice, batch: BatchName) -> SummaryView:
    """Cancel a batch: waiting and held items at once, running ones between two steps."""
    office.board.cancel(batch)
    return SummaryView.of(office.board.status(batch), office)


@router.post("/pause")
def pause(office: TheOffice, batch: BatchName) -> SummaryView:
    """Stop giving a batch's items to workers; running ones go on to their end."""
    control.pause(office.board, batch)
    return SummaryView.of(office.board.status(batch), office)


@router.post("/resume")
def resume(office: TheOffice, batch: BatchName) -> SummaryView:
    """Go on with a paused batch."""
    control.resume(office.board, batch)
    return SummaryView.of(office.board.status(batch), office)


@router.post("/promote")
def promote(office: TheOffice, batch: BatchName) -> SummaryView:
    """Let the rest of a batch follow its pilot; a batch without one stays as it is."""
    office.board.promote(batch)
    return SummaryView.of(office.board.status(batch), office)


@router.post("/retry")
def retry(office: TheOffice, batch: BatchName, wish: Retry) -> Queued:
    """Queue failed items again, for the sources as they are now."""
    if wish.numbers == []:
        return Queued(queued=0)
    items = [f"#{number}" for number in wish.numbers or ()]
    return Queued(queued=control.retry(office.board, batch, items=items, codes=wish.codes or ()))
