"""Items over HTTP: pages of those that a filter asks for, how many they are, and one whole."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from producer.again import Again, rendered_again
from producer.backoffice.api.filters import Chosen, PageChosen
from producer.backoffice.api.item_views import ItemView, Named, linked, served
from producer.backoffice.api.names import BatchName, ItemNumber
from producer.backoffice.asking import TheOffice
from producer.backoffice.office import Office
from producer.batches import BatchReader
from producer.item_files import ItemFiles, mark_of
from producer.search import count_items, find_items
from producer.sidecars import sidecar_fields
from shared.errors import BatchUnknown, ItemUnknown
from shared.jobs import Item
from shared.record import Record
from shared.review import Decision

router = APIRouter(prefix="/batches/{batch}/items", tags=["items"])


class ItemPage(Record):
    """Items in the manifest's order."""

    items: list[ItemView]
    #: The `after` of the next page; null at the end.
    next: int | None


class Count(Record):
    """How many items a filter asks for."""

    count: int


class ItemDetail(ItemView):
    """An item and all that is known of it."""

    #: Presigned URLs, good for an hour at least: whoever has one may read that object.
    links: Named
    #: The same pictures through the back office, for whoever may ask it.
    files: Named
    #: What was written beside its result or its failure; null where there is none.
    sidecar: dict[str, Any] | None
    #: The decisions that changed it, the newest first.
    history: list[Decision]
    #: Where it was rendered again, in child batches, the newest first.
    again: list[Again]


@router.get("")
async def list_items(
    office: TheOffice, batch: BatchName, chosen: Annotated[PageChosen, Query()]
) -> ItemPage:
    """A page of the items that the query asks for."""
    return await office.read(lambda reader: _page(reader, batch, chosen))


def _page(reader: BatchReader, batch: str, chosen: PageChosen) -> ItemPage:
    page = find_items(reader, batch, chosen.filter, after=chosen.after, limit=chosen.limit)
    return ItemPage.model_construct(
        items=[ItemView.of(item) for item in page.items], next=page.next
    )


@router.get("/count")
async def count(office: TheOffice, batch: BatchName, chosen: Annotated[Chosen, Query()]) -> Count:
    """How many items the query asks for."""
    return await office.read(lambda reader: Count(count=count_items(reader, batch, chosen.filter)))


@router.get("/{number}")
async def read_item(office: TheOffice, batch: BatchName, number: ItemNumber) -> ItemDetail:
    """One item, with its files, its sidecar, its decisions and where it was rendered again."""
    return await office.threads.run(_detail, office, batch, number)


def _detail(office: Office, batch: str, number: int) -> ItemDetail:
    item = office.reader.item(batch, number)
    files = ItemFiles.of(item)
    return ItemDetail.of(
        item,
        links=linked(files, office.links),
        files=served(files, f"/api/v1/batches/{batch}/items/{number}", mark_of(item)),
        sidecar=sidecar_fields(files.sidecar, office.looking) if files.sidecar else None,
        history=_history(office, batch, number),
        again=_again(office, batch, item),
    )


def _history(office: Office, batch: str, number: int) -> list[Decision]:
    try:
        return office.board.item_history(batch, number)
    except (BatchUnknown, ItemUnknown):
        return []  # it has left the board, and who decided what with it


def _again(office: Office, batch: str, item: Item) -> list[Again]:
    try:
        return rendered_again(office.board, batch, item)
    except BatchUnknown:
        return []
