"""Feed: what changed in a batch since somebody last looked."""

from dataclasses import dataclass

from shared.board.part import Part
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
        """Items that changed after a cursor, as they stand now.

        Args:
            batch_id: The batch.
            after: The cursor of the last answer; 0 for all that ever changed. Items that only
                wait have not.
            limit: Most items.

        Raises:
            BatchUnknown: No such batch.
            RedisUnreachable: Redis does not answer.
        """
        reply = self._connection.run("list_changes", batch_id, after, limit)
        if not reply:
            raise self._unknown(batch_id)
        return Changes([load_item(row) for row in reply[1:]], int(reply[0]))
