"""Restoration: a batch that Redis lost is filled again, its items as they had ended or waited."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from shared.board.part import slices
from shared.board.records import dump_spec
from shared.board.submission import ITEMS_PER_SLICE, SLICES_PER_TRIP, Submission
from shared.errors import BatchUnknown
from shared.jobs import Item
from shared.states import ItemState


class PastItem(NamedTuple):
    """An item as it was, and since when."""

    #: Its fence is not restored: those of a restored batch begin above all earlier ones.
    item: Item
    #: When it was claimed, as far as that is known.
    begun_at: datetime | None = None


class Restoration(Submission):
    """Restores batches; between opening and sealing nobody else can touch their items."""

    def begin_restoring(self, batch_id: str, *, paused: bool, cancelled: bool) -> bool:
        """Keep an opened batch for whoever restores it.

        Args:
            batch_id: The batch.
            paused: Its items wait for a person, who resumes it.
            cancelled: A person had cancelled it.

        Returns:
            False when it is sealed: it stays as it is, and so do its flags.

        Raises:
            BatchUnknown: The batch was never opened.
            RedisUnreachable: Redis does not answer.
        """
        verdict = self._connection.run("begin_restoring", batch_id, int(paused), int(cancelled))
        if verdict < 0:
            raise BatchUnknown(batch=batch_id)
        return bool(verdict)

    def restore_items(self, batch_id: str, past: Sequence[PastItem]) -> None:
        """Add items as they were: ended, held, or waiting; repeating it changes nothing.

        What has ended or is held on the board stays as it is there, and so does all of a sealed
        batch.

        Raises:
            BatchUnknown: The batch was never opened.
            RedisUnreachable: Redis went away; restore the same items again.
        """
        ended = [one for one in past if one.item.state is not ItemState.QUEUED]
        for trip in slices(ended, ITEMS_PER_SLICE * SLICES_PER_TRIP):
            arguments = ([batch_id, *_rows(part)] for part in slices(trip, ITEMS_PER_SLICE))
            if -1 in self._connection.run_many("restore_items", arguments):
                raise BatchUnknown(batch=batch_id)
        queued = [one.item.spec for one in past if one.item.state is ItemState.QUEUED]
        self.add_items(batch_id, queued)

    def seal_restored(self, batch_id: str) -> None:
        """Make a restored batch's items visible to the dispatcher; raises as `seal_batch`."""
        self._seal(batch_id, restored=1)


def _rows(past: Sequence[PastItem]) -> list[str | float]:
    return [part for one in past for part in _row(one.item, one.begun_at)]


def _row(item: Item, begun_at: datetime | None) -> list[str | float]:
    outcome = item.result or item.failure or item.held
    judged = item.result or item.held
    gate = judged.gate if judged else None
    return [
        item.spec.number,
        dump_spec(item.spec),
        item.state,
        outcome.model_dump_json() if outcome else "",
        item.failure.code if item.failure else "",
        item.deliveries,
        item.retries,
        item.owner or "",
        round(begun_at.timestamp() * 1000) if begun_at else "",
        item.held.stage if item.held else "",
        gate.score if gate else "",
        ",".join(gate.reasons) if gate else "",
    ]
