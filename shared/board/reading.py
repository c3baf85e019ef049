"""Reading: batches and items as they stand; an unknown id is an error, never "done"."""

import itertools
from collections.abc import Iterator

from shared.board.part import Part
from shared.board.records import load_item, load_status, pairs
from shared.errors import ItemUnknown
from shared.jobs import BatchStatus, Item
from shared.keys import is_apart
from shared.states import ItemState

#: So many batches are read at a time at least; many of those that are apart may be passed over.
LEAST_PAGE = 20


class Reading(Part):
    """Answers questions about batches and items; moves nothing."""

    def status(self, batch_id: str) -> BatchStatus:
        """The batch's roll-up; costs the same for ten items and for ten million.

        Raises:
            BatchUnknown: No such batch.
            RedisUnreachable: Redis does not answer.
        """
        fields = self._connection.run("read_batch", batch_id)
        if not fields:
            raise self._unknown(batch_id)
        return load_status(pairs(fields))

    def batches(
        self, limit: int = 100, *, replays: bool = True, after: str | None = None
    ) -> list[BatchStatus]:
        """The roll-ups of the newest batches, newest first.

        Args:
            limit: Most batches.
            replays: Whether replays of stored results, and renderings, are among them.
            after: Only batches that were opened before this one.

        Raises:
            BatchUnknown: `after` is not on the board any more.
            RedisUnreachable: Redis does not answer.
        """
        newest = self._newest(max(limit, LEAST_PAGE), after or "")
        wanted = (one for one in newest if replays or not _is_apart(one))
        return list(itertools.islice(wanted, limit))

    def open_batches(self) -> list[BatchStatus]:
        """The roll-ups of all batches that are not ended, by id.

        Raises:
            RedisUnreachable: Redis does not answer.
        """
        names = sorted(self._connection.run("list_set", "unended"))
        records = self._connection.run_many("read_batch", ([name] for name in names))
        return [load_status(pairs(fields)) for fields in records if fields]

    def children(self, batch_id: str) -> list[str]:
        """The batches that render items of this one again, the oldest first.

        Raises:
            RedisUnreachable: Redis does not answer.
        """
        return list(self._connection.run("list_children", batch_id))

    def _newest(self, page: int, after: str) -> Iterator[BatchStatus]:
        start = self._connection.run("rank_batch", after) if after else 0
        if start is None:
            raise self._unknown(after)
        for first in itertools.count(start, page):
            records = self._connection.run("list_batches", first, page)
            yield from (load_status(pairs(fields)) for fields in records)
            if len(records) < page:
                return

    def items(
        self, batch_id: str, state: ItemState | None = None, *, after: int = -1, limit: int = 500
    ) -> list[Item]:
        """A page of the batch's items in manifest order, in one consistent picture.

        Args:
            batch_id: The batch.
            state: Only items in this state; None for all.
            after: Number of the last item of the page before; -1 for the first page.
            limit: Most items of the page.

        Raises:
            BatchUnknown: No such batch.
            RedisUnreachable: Redis does not answer.
        """
        rows = self._connection.run("read_items", batch_id, state or "", after, limit)
        if not rows:
            raise self._unknown(batch_id)
        return [load_item(row) for row in rows[1:]]

    def item(self, batch_id: str, number: int) -> Item:
        """One item.

        Raises:
            BatchUnknown: No such batch.
            ItemUnknown: The batch has no item of this number.
            RedisUnreachable: Redis does not answer.
        """
        found = self.items(batch_id, after=number - 1, limit=1)
        if number < 0 or not found:
            raise ItemUnknown(batch=batch_id, item=number)
        return found[0]


def _is_apart(status: BatchStatus) -> bool:
    return is_apart(status.batch.output, status.batch.batch_id)
