"""Search: the items of a batch that a filter asks for, in slices that keep nobody waiting."""

import json
import string
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from shared.board.part import ROWS_AT_ONCE
from shared.board.reading import Reading
from shared.board.records import load_item
from shared.jobs import Item
from shared.review import Filter
from shared.states import ItemState

#: Items that one script run looks at: 1 to 3 ms of Redis' time.
LOOKED_AT = 500

#: What Redis' own small letters are: those of ASCII.
_SMALL = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


@dataclass(frozen=True, slots=True)
class Page:
    """Items that a filter asked for, in manifest order."""

    items: list[Item]
    #: The number to go on after; None at the end.
    next: int | None


class Search(Reading):
    """Finds items by state, gate, failure or text; moves nothing."""

    def find(self, batch_id: str, chosen: Filter, *, after: int = -1, limit: int = 100) -> Page:
        """A page of the items that a filter asks for.

        Args:
            batch_id: The batch.
            chosen: The filter.
            after: `next` of the page before; -1 for the first page.
            limit: Most items.

        Raises:
            BatchUnknown: No such batch.
            RedisUnreachable: Redis does not answer.
        """
        items: list[Item] = []
        following: int | None = after
        while following is not None and len(items) < limit:
            left = min(limit - len(items), ROWS_AT_ONCE)
            following, rows = self._look(batch_id, chosen, following, left, "rows")
            items += [load_item(row) for row in rows]
        return Page(items, following)

    def numbers(self, batch_id: str, chosen: Filter) -> Iterator[int]:
        """The numbers of the items that a filter asks for, ascending.

        Raises:
            BatchUnknown: No such batch.
            RedisUnreachable: Redis does not answer.
        """
        return map(int, self._all(batch_id, chosen, "numbers"))

    def count(self, batch_id: str, chosen: Filter) -> int:
        """How many items a filter asks for; at once where it asks for states alone.

        Raises:
            BatchUnknown: No such batch.
            RedisUnreachable: Redis does not answer.
        """
        if chosen == Filter(states=chosen.states):
            counts = self.status(batch_id).counts
            states = (chosen.states or set(ItemState)) - {ItemState.UNCHANGED}
            return sum(counts[state] for state in states)
        return sum(int(found) for found in self._all(batch_id, chosen, "count"))

    def _all(self, batch_id: str, chosen: Filter, what: str) -> Iterator[Any]:
        following: int | None = -1
        while following is not None:
            following, found = self._look(batch_id, chosen, following, LOOKED_AT, what)
            yield from found

    def _look(
        self, batch_id: str, chosen: Filter, after: int, most: int, what: str
    ) -> tuple[int | None, list[Any]]:
        """Where to go on, and what was found among the next `LOOKED_AT` items."""
        asked = (after, most, LOOKED_AT, _asked(chosen), what)
        reply = self._connection.run("find_items", batch_id, *asked)
        if not reply:
            raise self._unknown(batch_id)
        return int(reply[0]) if reply[0] != "" else None, reply[1:]


def _asked(chosen: Filter) -> str:
    """The filter as the script `find_items` reads it."""
    fields = {
        "states": sorted(chosen.states) or None,
        "stage": chosen.stage,
        "below": chosen.score_below,
        "from": chosen.score_from,
        "reason": chosen.reason,
        "passed": chosen.passed,
        "code": chosen.code,
        "approved": chosen.approved,
        "needles": _needles(chosen.text) if chosen.text else None,
    }
    return json.dumps({name: value for name, value in fields.items() if value is not None})


def _needles(text: str) -> list[str]:
    """The text in small and in capital letters, as it is found where ASCII's are small."""
    return [letters.translate(_SMALL) for letters in (text.lower(), text.upper())]
