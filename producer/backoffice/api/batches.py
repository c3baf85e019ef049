"""Batches over HTTP: the list, and one."""

from typing import Annotated

from fastapi import APIRouter, Query

from producer.backoffice.api.names import BatchName
from producer.backoffice.api.summaries import BatchView, SummaryView
from producer.backoffice.asking import TheOffice
from shared.jobs import BATCH_ID_PATTERN
from shared.record import Record

router = APIRouter(prefix="/batches", tags=["batches"])

Cursor = Annotated[
    str | None,
    Query(pattern=BATCH_ID_PATTERN, description="`next` of the page before; none for the first."),
]


class BatchList(Record):
    """A page of batches, the newest first."""

    batches: list[SummaryView]
    #: The `cursor` of the next page; null where there is none.
    next: str | None


@router.get("")
def list_batches(
    office: TheOffice,
    limit: Annotated[int, Query(ge=1, le=500, description="Most batches of the page.")] = 50,
    cursor: Cursor = None,
) -> BatchList:
    """The newest batches on the board; replays and renderings are left out."""
    found = office.board.batches(limit + 1, replays=False, after=cursor)
    page = found[:limit]
    following = page[-1].batch.batch_id if len(found) > limit else None
    return BatchList(batches=[SummaryView.of(status, office) for status in page], next=following)


@router.get("/{batch}")
async def read_batch(office: TheOffice, batch: BatchName) -> BatchView:
    """How a batch stands, or had ended."""
    return await office.read(lambda reader: BatchView.of(reader.status(batch), office))
