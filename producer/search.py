"""Search: the items of a batch that a filter asks for, wherever the batch is."""

from itertools import islice

from producer.batches import BatchReader
from shared.board import Page
from shared.errors import BatchArchived
from shared.gate import Gate
from shared.jobs import Item
from shared.review import Filter
from shared.states import ItemState


def find_items(
    reader: BatchReader, batch_id: str, chosen: Filter, *, after: int = -1, limit: int = 100
) -> Page:
    """A page of the items that a filter asks for.

    Args:
        reader: Asks the board, and S3 for a batch that has left it: then its rows are read anew
            for each page, and they tell of no gate.
        batch_id: The batch.
        chosen: The filter.
        after: `next` of the page before; -1 for the first page.
        limit: Most items.

    Raises:
        BatchUnknown: No such batch.
        BoardError: Redis did not answer.
        StorageError: S3 refused, or did not answer.
    """
    try:
        return reader.board.find(batch_id, chosen, after=after, limit=limit)
    except BatchArchived:
        with reader.open(batch_id) as found:
            wanted = (item for item in found.items(after=after) if asks_for(chosen, item))
            items = list(islice(wanted, limit + 1))
    following = items[limit - 1].spec.number if len(items) > limit else None
    return Page(items[:limit], following)


def count_items(reader: BatchReader, batch_id: str, chosen: Filter) -> int:
    """How many items a filter asks for; raises as `find_items`."""
    try:
        return reader.board.count(batch_id, chosen)
    except BatchArchived:
        with reader.open(batch_id) as found:
            return sum(asks_for(chosen, item) for item in found.items())


def asks_for(chosen: Filter, item: Item) -> bool:
    """Whether a filter asks for an item; the board's scripts say the same."""
    code = item.failure.code if item.failure else None
    waited = item.state in {ItemState.HELD, ItemState.REJECTED}
    stage = item.held.stage if item.held and waited else None
    return (
        (not chosen.states or item.state in chosen.states)
        and chosen.stage in {None, stage}
        and chosen.code in {None, code}
        and chosen.approved in {None, item.approved}
        and _gate_fits(chosen, _gate(item))
        and _has_text(chosen.text, item)
    )


def _gate(item: Item) -> Gate | None:
    held = item.held.gate if item.held else None
    return held or (item.result.gate if item.result else None)


def _gate_fits(chosen: Filter, gate: Gate | None) -> bool:
    below, least = chosen.score_below, chosen.score_from
    if chosen.passed not in {None, gate is not None and not gate.reasons}:
        return False
    if gate is None:
        return below is None and least is None and chosen.reason is None
    return (
        (below is None or gate.score < below)
        and (least is None or gate.score >= least)
        and (chosen.reason is None or chosen.reason in gate.reasons)
    )


def _has_text(text: str | None, item: Item) -> bool:
    told = f"{item.spec.external_id}\n{item.spec.source}"
    return text is None or text.lower() in told.lower()
