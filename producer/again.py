"""Again: where an item was rendered again, in the child batches of its batch."""

from collections.abc import Iterator
from itertools import islice

from shared.board import StatusBoard
from shared.jobs import Item
from shared.record import Record
from shared.review import Filter
from shared.states import ItemState

#: Child batches that are looked through, the newest ones.
MOST_CHILDREN = 20


class Again(Record):
    """An item of a child batch."""

    batch: str
    number: int
    state: ItemState


def rendered_again(board: StatusBoard, batch_id: str, item: Item) -> list[Again]:
    """The items that render this one again, of the newest child batch first.

    Raises:
        BatchUnknown: A child has left the board just now.
        BoardError: Redis did not answer.
    """
    children = reversed(board.children(batch_id))
    found = ((child, _same(board, child, item)) for child in islice(children, MOST_CHILDREN))
    return [
        Again(batch=child, number=same.spec.number, state=same.state)
        for child, same in found
        if same
    ]


def _same(board: StatusBoard, child: str, item: Item) -> Item | None:
    """The child's item of this name, which it shares with the one it renders again."""
    name = item.spec.external_id
    named = _with_text(board, child, name)
    return next((one for one in named if one.spec.external_id == name), None)


def _with_text(board: StatusBoard, batch_id: str, text: str) -> Iterator[Item]:
    after: int | None = -1
    while after is not None:
        page = board.find(batch_id, Filter(text=text), after=after)
        yield from page.items
        after = page.next
