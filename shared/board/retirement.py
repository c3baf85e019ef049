"""Retirement: ended batches leave the board, and only where S3 has them stays there."""

import itertools
from dataclasses import dataclass
from datetime import datetime

from shared.board.part import Part
from shared.board.records import moment
from shared.jobs import BatchStatus
from shared.keys import S3Address, batch_file

#: Items whose hashes one script run removes: less than a millisecond of Redis' time, and 6 while a
#: thread of its own frees the large keys, for both want the allocator (infra/bench/LOG.md).
ITEMS_PER_RUN = 250
#: Entries that are kept of retired batches, those that ended last.
MOST_RETIRED = 20_000


@dataclass(frozen=True, slots=True)
class RetiredBatch:
    """What the board still knows of a batch that left it."""

    batch_id: str
    #: s3://bucket/prefix/ that its results lie under.
    output: str
    ended_at: datetime

    @property
    def record(self) -> S3Address:
        """Its folder in S3."""
        return batch_file(self.output, self.batch_id, "")


class Retirement(Part):
    """Takes ended batches off the board; any number of stewards may do so at once."""

    def clock(self) -> datetime:
        """The time by Redis' clock, which ended batches are dated by.

        Raises:
            RedisUnreachable: Redis does not answer.
        """
        return moment(float(self._connection.run("read_clock")))

    def ended_by(self, latest: datetime, *, limit: int) -> list[str]:
        """Ended batches that are due, by id, the first that ended first.

        Args:
            latest: Those that ended by then.
            limit: Most batches.

        Raises:
            RedisUnreachable: Redis does not answer.
        """
        return list(self._connection.run("list_ended", _milliseconds(latest), limit))

    def put_off(self, batch_id: str, ended: datetime) -> None:
        """Let `ended_by` tell of an ended batch as if it had ended then.

        Raises:
            RedisUnreachable: Redis does not answer.
        """
        self._connection.run("put_off", batch_id, _milliseconds(ended))

    def retire(self, known: BatchStatus, latest: datetime, *, indexed: bool = True) -> bool:
        """Take an ended batch off the board, but for its items' hashes: `clear_retired`.

        From here on nobody can change it. What was done to it since it was read comes first.

        Args:
            known: The batch as it was read, and as S3 has it.
            latest: It must have ended by then.
            indexed: Whether the board remembers where S3 has it, for `retired`.

        Returns:
            False when it stays: it was retried since, or is gone already.

        Raises:
            RedisUnreachable: Redis does not answer; retire it again.
        """
        batch_id, output = known.batch.batch_id, known.batch.output if indexed else ""
        by = _milliseconds(latest)
        return bool(
            self._connection.run("retire_batch", batch_id, known.revision, by, output, MOST_RETIRED)
        )

    def retiring(self) -> list[str]:
        """Retired batches of whose items some may still be there, by id.

        Raises:
            RedisUnreachable: Redis does not answer.
        """
        return sorted(self._connection.run("list_retiring"))

    def clear_retired(self, batch_id: str, *, runs: int | None = None) -> int:
        """Remove what is left of a retired batch's items, or a part of it.

        Args:
            batch_id: The batch.
            runs: Most slices of `ITEMS_PER_RUN`; None for all.

        Returns:
            How many items may still be there.

        Raises:
            RedisUnreachable: Redis does not answer; clear it again.
        """
        left = 0
        for _ in itertools.count() if runs is None else range(runs):
            left = int(self._connection.run("clear_items", batch_id, ITEMS_PER_RUN))
            if not left:
                break
        return left

    def retired(self, limit: int = 100) -> list[RetiredBatch]:
        """The retired batches that ended last, newest first.

        Raises:
            RedisUnreachable: Redis does not answer.
        """
        flat = self._connection.run("list_retired", limit)
        rows = zip(flat[::3], flat[1::3], flat[2::3], strict=True)
        return [RetiredBatch(batch, output, moment(float(ended))) for batch, output, ended in rows]


def _milliseconds(time: datetime) -> int:
    return round(time.timestamp() * 1000)
