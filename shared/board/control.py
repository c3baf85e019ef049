"""Control: what a person, or the steward, does with a whole batch."""

from collections.abc import Collection, Sequence
from datetime import datetime

from shared.board.part import Part, milliseconds, slices
from shared.errors import BatchCancelled, PilotWaits

#: Items that one script run moves at most.
SLICE = 500


class Control(Part):
    """Cancels, pauses, retries and ends batches."""

    def cancel(self, batch_id: str) -> int:
        """Cancel a batch: no item of it is claimed or finished from now on.

        The flag acts at once; the items follow in slices, and a sweep goes on where a
        canceller died. Running items are told by their next renewal. A batch whose items have
        all ended stays as it is.

        Returns:
            How many items this call cancelled.

        Raises:
            BatchUnknown: No such batch.
            RedisUnreachable: Redis does not answer.
        """
        cancelled = 0
        while moved := int(self._connection.run("cancel_batch", batch_id, SLICE)):
            if moved < 0:
                raise self._unknown(batch_id)
            cancelled += moved
        return cancelled

    def pause(self, batch_id: str) -> None:
        """Stop publishing and claiming a batch's items; running ones go on to their end.

        Raises:
            BatchUnknown: No such batch.
            RedisUnreachable: Redis does not answer.
        """
        self._set_paused(batch_id, 1)

    def resume(self, batch_id: str) -> None:
        """Go on with a paused batch; its caps and its breaker count anew.

        Raises:
            BatchUnknown: No such batch.
            PilotWaits: The rest of it waits for `promote`.
            RedisUnreachable: Redis does not answer.
        """
        self._set_paused(batch_id, 0)

    def _set_paused(self, batch_id: str, paused: int) -> None:
        verdict = self._connection.run("pause_batch", batch_id, paused)
        if verdict == "unknown":
            raise self._unknown(batch_id)
        if verdict == "pilot":
            raise PilotWaits(batch=batch_id)

    def promote(self, batch_id: str) -> bool:
        """Let the rest of a batch follow its pilot.

        Returns:
            False when it has no pilot, or was promoted before.

        Raises:
            BatchUnknown: No such batch.
            RedisUnreachable: Redis does not answer.
        """
        verdict = self._connection.run("promote_batch", batch_id)
        if verdict < 0:
            raise self._unknown(batch_id)
        return bool(verdict)

    def set_window(
        self, batch_id: str, opens: datetime, closes: datetime, *, forced: bool = False
    ) -> bool:
        """Let a batch be worked on between two times only; its caps count anew in each window.

        Args:
            batch_id: The batch.
            opens: From here on items are given out, by Redis' clock.
            closes: From here on no more; running ones go on to their end.
            forced: Also where the window that it has is not over.

        Returns:
            Whether the window was set.

        Raises:
            BatchUnknown: No such batch.
            RedisUnreachable: Redis does not answer.
        """
        times = [round(moment.timestamp() * 1000) for moment in (opens, closes)]
        verdict = self._connection.run("set_window", batch_id, *times, int(forced))
        if verdict < 0:
            raise self._unknown(batch_id)
        return bool(verdict)

    def retry(
        self,
        batch_id: str,
        numbers: Sequence[int] | None = None,
        codes: Collection[str] | None = None,
    ) -> int:
        """Queue failed items again, with fresh counters and for the source as it is then.

        Args:
            batch_id: The batch.
            numbers: Only these items; those that have not failed are left alone.
            codes: Only items that failed with one of these codes.

        Returns:
            How many items were queued.

        Raises:
            BatchUnknown: No such batch.
            BatchCancelled: Its items are to stay as they are; submit them as a new batch.
            RedisUnreachable: Redis does not answer.
        """
        wanted = None if codes is None else sorted(codes)
        if numbers is None:
            return self._retry_all(batch_id, wanted)
        parts = list(slices(sorted(set(numbers)), SLICE)) or [[]]
        return sum(self._retry_slice(batch_id, -1, part, wanted)[0] for part in parts)

    def _retry_all(self, batch_id: str, codes: list[str] | None) -> int:
        moved, seen, after = self._retry_slice(batch_id, -1, None, codes)
        queued = moved
        while seen == SLICE:
            moved, seen, after = self._retry_slice(batch_id, after, None, codes)
            queued += moved
        return queued

    def _retry_slice(
        self, batch_id: str, after: int, numbers: Sequence[int] | None, codes: list[str] | None
    ) -> tuple[int, int, int]:
        """Items queued, items looked at, and the last of these."""
        chosen = ["all"] if numbers is None else ["these", *numbers]
        allowed = ["any"] if codes is None else ["these", *codes]
        arguments = [after, SLICE, len(chosen), *chosen, *allowed]
        reply = self._connection.run("retry_items", batch_id, *arguments)
        if reply == "unknown":
            raise self._unknown(batch_id)
        if reply == "cancelled":
            raise BatchCancelled(batch=batch_id)
        moved, seen, last = reply
        return int(moved), int(seen), int(last)

    def unended(self) -> list[str]:
        """Batches whose items are all final and that nobody has marked ended, by id.

        Raises:
            RedisUnreachable: Redis does not answer.
        """
        return sorted(self._connection.run("list_set", "ending"))

    def settled(self, *, quiet_seconds: float = 0, limit: int = 100) -> list[str]:
        """Batches of which all that is open is held, by when that came to be; see `mark_settled`.

        Args:
            quiet_seconds: Only those that have not changed for so long.
            limit: Most batches.

        Raises:
            RedisUnreachable: Redis does not answer.
        """
        quiet = milliseconds(quiet_seconds)
        return list(self._connection.run("list_settled", quiet, limit))

    def mark_settled(self, batch_id: str, cursor: int) -> bool:
        """Note that a batch's results so far are written; it is told of again once it changes.

        Args:
            batch_id: The batch.
            cursor: `BatchStatus.cursor` as it was before the results were read.

        Returns:
            False when it changed since: write the results again later.

        Raises:
            RedisUnreachable: Redis does not answer.
        """
        return bool(self._connection.run("mark_settled", batch_id, cursor))

    def mark_ended(self, batch_id: str, *, revision: int | None = None) -> bool:
        """Note that a batch's results are written; doing so twice changes nothing.

        Args:
            batch_id: The batch.
            revision: `BatchStatus.revision` as it was before the results were read: a batch
                that was retried since then, even to its end, is not marked.

        Returns:
            False when items are open, or were retried since: write the results again later.

        Raises:
            BatchUnknown: No such batch.
            RedisUnreachable: Redis does not answer.
        """
        known = "" if revision is None else revision
        verdict = self._connection.run("mark_ended", batch_id, known)
        if verdict < 0:
            raise self._unknown(batch_id)
        return bool(verdict)
