"""Choosing: the numbers of items that a person names."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import get_args

from shared.board import StatusBoard
from shared.errors import CountDiffers, ItemUnknown
from shared.jobs import Item
from shared.results import Stage
from shared.review import Filter
from shared.states import ItemState


def numbers_of(board: StatusBoard, batch_id: str, names: Iterable[str]) -> list[int]:
    """The numbers of named items; of an external id that several items have, all of them.

    Args:
        board: Holds the batch.
        batch_id: The batch.
        names: External ids or `#`-numbers.

    Raises:
        BatchUnknown: No such batch.
        ItemUnknown: The batch has no such item.
        BoardError: Redis is away.
    """
    return sorted({number for name in names for number in _numbers(board, batch_id, name)})


def seen(board: StatusBoard, batch_id: str, chosen: Filter, expect: int | None) -> list[int]:
    """The numbers of the items that a filter chooses.

    Args:
        board: Holds the batch.
        batch_id: The batch.
        chosen: The filter.
        expect: How many items the person was shown; None where nobody was.

    Raises:
        BatchUnknown: No such batch.
        CountDiffers: There are more or fewer.
        BoardError: Redis is away.
    """
    numbers = list(board.numbers(batch_id, chosen))
    if expect not in {None, len(numbers)}:
        raise CountDiffers(batch=batch_id, found=len(numbers), expected=expect)
    return numbers


def stages_of(board: StatusBoard, batch_id: str, wanted: Iterable[int] | Filter) -> Counter[Stage]:
    """How many of the chosen items are held at which stage; what is not held has none.

    Args:
        board: Holds the batch.
        batch_id: The batch.
        wanted: The items' numbers, or a filter that chooses them.

    Raises:
        BatchUnknown: No such batch.
        ItemUnknown: The batch has no item of a number.
        BoardError: Redis is away.
    """
    if isinstance(wanted, Filter):
        stages = (wanted.stage,) if wanted.stage else get_args(Stage)
        held = wanted.model_copy(update={"states": frozenset({ItemState.HELD})})
        asked = {stage: held.model_copy(update={"stage": stage}) for stage in stages}
        return Counter({stage: board.count(batch_id, one) for stage, one in asked.items()})
    items = (board.item(batch_id, number) for number in wanted)
    return Counter(item.held.stage for item in items if item.held and item.state == ItemState.HELD)


def _numbers(board: StatusBoard, batch_id: str, name: str) -> list[int]:
    found = [item.spec.number for item in _called(board, batch_id, name)]
    if not found and re.fullmatch(r"#\d{1,18}", name):
        found = [board.item(batch_id, int(name[1:])).spec.number]
    if not found:
        raise ItemUnknown(batch=batch_id, item=name)
    return found


def _called(board: StatusBoard, batch_id: str, name: str) -> Iterator[Item]:
    """The items of this very external id."""
    after: int | None = -1
    while after is not None:
        page = board.find(batch_id, Filter(text=name), after=after)
        yield from (item for item in page.items if item.spec.external_id == name)
        after = page.next
