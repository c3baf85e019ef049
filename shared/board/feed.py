"""Feed: what changed in a batch since somebody last looked."""

from dataclasses import dataclass

from shared.board.part import ROWS_AT_ONCE, Part
from shared.board.records import load_item
from shared.jobs import Item


@dataclass(frozen=True, slots=True)
class Changes:
    """Items that changed, each once, in the order of their newest changes."""

    items: list[Item]
    #: What to ask for the next ones with.
    cursor: int


class Feed(Part):
    """Tells of changes; whoever reads to the end has seen every item as it stands."""

    def changes(self, batch_id: str, *, after: int = 0, limit: int = 500) -> Changes:
        """Items that changed after a cursor, as they stand now; read in slices.

        Args:
            batch_id: The batch.
            after: The cursor of the last answer; 0 for all that ever changed. Items that only
                wait have not.
            limit: Most items.

        Raises:
            BatchUnknown: No such batch.
            RedisUnreachable: Redis does not answer.
        """
        items: dict[int, Item] = {}
        for start in range(0, max(limit, 1), ROWS_AT_ONCE):
            most = min(limit - start, ROWS_AT_ONCE)
            after, found = self._slice(batch_id, after, most)
            for item in found:
                # One that changed while this was read came up again: its newest change counts.
                items.pop(item.spec.number, None)
                items[item.spec.number] = item
            if len(found) < most:
                break
        return Changes(list(items.values()), after)

    def _slice(self, batch_id: str, after: int, limit: int) -> tuple[int, list[Item]]:
        """The cursor, and the next items that changed."""
        reply = self._connection.run("list_changes", batch_id, after, limit)
        if not reply:
            raise self._unknown(batch_id)
        return int(reply[0]), [load_item(row) for row in reply[1:]]
