"""Submission: a batch is opened, filled in slices and sealed; each step can be repeated."""

from collections.abc import Iterator, Sequence

from shared.board.part import slices
from shared.board.records import dump_batch, dump_spec
from shared.board.retirement import Retirement
from shared.errors import BatchExists, BatchIncomplete, BatchRestoring, BatchUnknown
from shared.jobs import Batch, ItemSpec

#: Items added by one script run: a few milliseconds of Redis' time.
ITEMS_PER_SLICE = 500
#: Slices sent in one round trip.
SLICES_PER_TRIP = 8


class Submission(Retirement):
    """Opens, fills and seals batches."""

    def open_batch(self, batch: Batch, *, comes_back: bool = False) -> bool:
        """Reserve the batch's id.

        Args:
            batch: The batch.
            comes_back: It may be a retired one, which is then on the board again.

        Returns:
            True when the batch is new or was left half filled: fill and seal it. False when
            this very batch (same manifest, style, output, gate and review) is already submitted.

        Raises:
            BatchExists: The id belongs to another submission.
            BatchArchived: It is that of a batch which was retired.
            RedisUnreachable: Redis does not answer.
        """
        given = [batch.batch_id, int(comes_back), batch.parent or "", *dump_batch(batch)]
        while (verdict := self._connection.run("open_batch", *given)) == ["retiring"]:
            self.clear_retired(batch.batch_id)
        if verdict == ["retired"]:
            raise self._unknown(batch.batch_id)
        if verdict in (["fill"], ["sealed"]):
            return bool(verdict == ["fill"])
        # Another manifest has other rows: one word says it.
        named = [word for word in verdict if word != "rows"] or verdict
        raise BatchExists(batch=batch.batch_id, difference=" and ".join(named))

    def add_items(self, batch_id: str, specs: Sequence[ItemSpec]) -> None:
        """Add waiting items; repeating it, whole or in part, changes nothing.

        Nobody renders an item before its batch is sealed; after that this does nothing.

        Raises:
            BatchUnknown: The batch was never opened.
            RedisUnreachable: Redis went away; add the same items again.
        """
        for trip in slices(specs, ITEMS_PER_SLICE * SLICES_PER_TRIP):
            arguments = ([batch_id, *_rows(part)] for part in slices(trip, ITEMS_PER_SLICE))
            if -1 in self._connection.run_many("add_items", arguments):
                raise BatchUnknown(batch=batch_id)

    def seal_batch(self, batch_id: str) -> None:
        """Make the batch's items visible to the dispatcher, all at once.

        Raises:
            BatchIncomplete: Some of the items that the batch announced are not there.
            BatchRestoring: Somebody restores the batch, and seals it when that is done.
            BatchUnknown: The batch was never opened.
            RedisUnreachable: Redis does not answer.
        """
        self._seal(batch_id, restored=0)

    def _seal(self, batch_id: str, *, restored: int) -> None:
        counts = self._connection.run("seal_batch", batch_id, restored)
        if not counts:
            raise BatchUnknown(batch=batch_id)
        if counts == "restoring":
            raise BatchRestoring(batch=batch_id)
        found, total = counts
        if found != total:
            raise BatchIncomplete(batch=batch_id, found=found, total=total)


def _rows(specs: Sequence[ItemSpec]) -> Iterator[str | int]:
    for spec in specs:
        yield spec.number
        yield dump_spec(spec)
