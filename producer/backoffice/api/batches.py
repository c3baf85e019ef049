"""Batches over HTTP: the list, and one."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from producer.backoffice.api.summaries import BatchView, SummaryView
from producer.backoffice.asking import TheOffice
from shared.jobs import BATCH_ID_PATTERN
from shared.record import Record

router = APIRouter(prefix="/batches", tags=["batches"])

BatchName = Annotated[str, Path(pattern=BATCH_ID_PATTERN, description="The batch's id.")]


class BatchList(Record):
    """A page of batches, the newest first."""

    batches: list[SummaryView]
    #: The `cursor` of the next page; null where there is none.
    next: str | None


@router.get("")
def list_batches(office: TheOffice, limit: Annotated[int, Query(ge=1, le=500)] = 50) -> BatchList:
    """The newest batches on the board, replays left out."""
    found = office.board.batches(limit, replays=False)
    return BatchList(batches=[SummaryView.of(status) for status in found], next=None)


@router.get("/{batch}")
def read_batch(office: TheOffice, batch: BatchName) -> BatchView:
    """How a batch stands, or had ended."""
    return BatchView.of(office.reader.status(batch))
