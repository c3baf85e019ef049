"""Publication: approved results that are to be copied, and those that go back to staging."""

from typing import NamedTuple

from shared.board.part import Part, milliseconds
from shared.board.records import load_item
from shared.jobs import Item
from shared.results import Held, Result

#: Whoever took an item to copy its files has this long before others take it too.
COPY_SECONDS = 60.0


class Reviewed(NamedTuple):
    """An item whose files follow a decision."""

    batch_id: str
    item: Item
    #: `publishing` or `unpublishing`.
    queue: str
    #: Redis' time in milliseconds from which others take it too; the mark of this taking.
    until: int


class Publication(Part):
    """What the steward copies; any number of stewards may, since a copy can be repeated."""

    def to_publish(self, limit: int, *, lease_seconds: float = COPY_SECONDS) -> list[Reviewed]:
        """Take items with approved results, the first approved first; then `published`.

        Raises:
            RedisUnreachable: Redis does not answer.
        """
        return self._taken("publishing", limit, lease_seconds)

    def published(self, batch_id: str, number: int, result: Result) -> bool:
        """Report an approved result copied to where it belongs: its item is done.

        Returns:
            False when the approval was taken back or the batch cancelled: then `remove_copies`.

        Raises:
            RedisUnreachable: Redis does not answer; report it again.
        """
        record = result.model_dump_json()
        return bool(self._connection.run("publish_item", batch_id, number, record))

    def keep(self, reviewed: Reviewed, *, lease_seconds: float = COPY_SECONDS) -> bool:
        """Ask for a taken item once more, directly before its files are copied or removed.

        From here on an approval that is taken back has its copies removed.

        Returns:
            False when its files are not to be touched: somebody decided otherwise, or it was taken
            by another steward.

        Raises:
            RedisUnreachable: Redis does not answer.
        """
        batch_id, item, queue, until = reviewed
        arguments = (queue, batch_id, item.spec.number, until, milliseconds(lease_seconds))
        return bool(self._connection.run("keep_reviewed", *arguments))

    def remove_copies(self, batch_id: str, number: int) -> bool:
        """Have `to_unpublish` offer a result that was copied while its approval was taken back.

        Returns:
            False when it was approved anew, and the copies count.

        Raises:
            RedisUnreachable: Redis does not answer; say it again.
        """
        return bool(self._connection.run("remove_copies", batch_id, number))

    def note_unpublished(self, batch_id: str, number: int, note: str) -> bool:
        """Note why an approved result cannot be copied; it is offered again later.

        Returns:
            False when nobody waits for it any more.

        Raises:
            RedisUnreachable: Redis does not answer.
        """
        return bool(self._connection.run("note_item", batch_id, number, note))

    def to_unpublish(self, limit: int, *, lease_seconds: float = COPY_SECONDS) -> list[Reviewed]:
        """Take items whose result is to lie in staging alone; then `unpublished`.

        Nobody can decide them until then. The `held.result` of one that was published still has
        the published addresses; one whose copying was broken off has those in staging.

        Raises:
            RedisUnreachable: Redis does not answer.
        """
        return self._taken("unpublishing", limit, lease_seconds)

    def unpublished(self, batch_id: str, number: int, held: Held) -> bool:
        """Report that a result lies in staging again, where a person can decide it anew.

        Returns:
            False when nobody waits for it: its batch was cancelled.

        Raises:
            RedisUnreachable: Redis does not answer; report it again.
        """
        record = held.model_dump_json()
        return bool(self._connection.run("unpublish_item", batch_id, number, record))

    def _taken(self, kind: str, limit: int, lease_seconds: float) -> list[Reviewed]:
        flat = self._connection.run("take_reviewed", kind, limit, milliseconds(lease_seconds))
        rows = zip(flat[::3], flat[1::3], flat[2::3], strict=True)
        return [Reviewed(name, load_item(row), kind, int(until)) for name, row, until in rows]
