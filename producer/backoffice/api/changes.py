"""Changes over HTTP: what a poller has not seen yet of a batch, and how the batch stands."""

from typing import Annotated

from fastapi import APIRouter, Query

from producer.backoffice.api.item_views import ItemView
from producer.backoffice.api.names import BatchName
from producer.backoffice.api.summaries import SummaryView
from producer.backoffice.asking import TheOffice
from shared.record import Record

router = APIRouter(prefix="/batches/{batch}/changes", tags=["batches"])

#: Items of an answer, by default and at most.
PAGE, MOST_ON_PAGE = 500, 2_000


class ChangePage(Record):
    """Items that changed, each once, as they stand now; the last change last."""

    items: list[ItemView]
    #: What to ask for the next ones with.
    cursor: int
    batch: SummaryView


@router.get("")
def changes(
    office: TheOffice,
    batch: BatchName,
    cursor: Annotated[int, Query(ge=0, le=2**53, description="`cursor` of the last answer.")] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST_ON_PAGE, description="Most items.")] = PAGE,
) -> ChangePage:
    """What changed after a cursor; 0 asks for all that ever changed. Waiting items have not.

    A batch that has left the board changes no more, and is not told here.
    """
    status = office.board.status(batch)
    # A board that was lost and put back counts anew: who is ahead of it begins again.
    after = cursor if cursor <= status.cursor else 0
    found = office.board.changes(batch, after=after, limit=limit)
    return ChangePage.model_construct(
        items=[ItemView.of(item) for item in found.items],
        cursor=found.cursor,
        batch=SummaryView.of(office.board.status(batch), office),
    )
