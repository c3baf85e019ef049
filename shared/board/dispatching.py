"""Dispatching: what to publish next, and what time has released."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from shared.board.part import Part, milliseconds
from shared.errors import Poison
from shared.jobs import LANES, Hint, Lane, Message

#: Items that one script run moves at most: a few milliseconds of Redis' time.
SLICE = 500
#: After an outage, time enough for every owner to renew its claims.
GRACE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep moved."""

    #: Items of expired claims that wait again.
    expired: int = 0
    #: Items of expired claims that failed as poison.
    poisoned: int = 0
    #: Delayed retries that wait again.
    due: int = 0
    #: Items of cancelled batches.
    cancelled: int = 0

    @property
    def full(self) -> bool:
        """Whether there may be more to sweep at once."""
        return max(self.expired + self.poisoned, self.due, self.cancelled) >= SLICE


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is to be done, over all batches."""

    #: Items that a worker could claim now: those of paused batches and retries that are not yet
    #: due do not count.
    waiting: Mapping[Lane, int]
    #: Items that workers have claimed.
    claimed: int


class Dispatching(Part):
    """The dispatcher's side of the board; any number of dispatchers may run."""

    def backlog(self) -> Backlog:
        """What waits in each lane, and what is claimed; costs a step for each waiting batch.

        Raises:
            RedisUnreachable: Redis does not answer.
        """
        *waiting, claimed = self._connection.run("backlog", *LANES)
        return Backlog(dict(zip(LANES, map(int, waiting), strict=True)), int(claimed))

    def take_for_publishing(
        self, window: int, republish_seconds: float, *, backlog: int | None = None
    ) -> list[Hint]:
        """Choose messages to publish and note them as published, in one atomic step.

        First the items whose message was lost: published longer than `republish_seconds` ago,
        not claimed since, and no longer in the broker. Then fresh items until each lane has
        `window` of them published; within a lane, batches take turns by `priority + 1`.

        Args:
            window: Most published items per lane.
            republish_seconds: Age from which an unclaimed message may be lost.
            backlog: Messages that the broker has now; None when unknown, and every old
                message is then published again.

        Returns:
            At most `SLICE` hints; a full slice means that there may be more.

        Raises:
            RedisUnreachable: Redis does not answer.
        """
        known = -1 if backlog is None else backlog
        age = milliseconds(republish_seconds)
        flat = self._connection.run("take_for_publishing", window, age, known, SLICE, *LANES)
        rows = zip(flat[::3], flat[1::3], flat[2::3], strict=True)
        return [
            Hint(message=Message(batch_id=batch, number=int(number)), lane=lane)
            for batch, number, lane in rows
        ]

    def sweep(self, max_deliveries: int, grace_seconds: float = GRACE_SECONDS) -> Swept:
        """Put back expired claims and due retries, and go on with half-done cancellations.

        An item whose claim ran out for the `max_deliveries`-th time fails as poison; deliveries
        that ended in a retry or a hand-back do not count. Where Redis was away, claims that ran
        out meanwhile, or are about to, are held for `grace_seconds`: their owners could not renew
        them.

        Raises:
            RedisUnreachable: Redis does not answer.
        """
        reason = f"{max_deliveries} workers took it and never reported"
        failure = json.dumps(Poison(reason=reason).report())
        grace = milliseconds(grace_seconds)
        moved = self._connection.run("sweep", max_deliveries, Poison.code, failure, SLICE, grace)
        expired, poisoned, due, cancelled = moved
        for batch_id in self._connection.run("list_set", "cancelling"):
            cancelled += max(self._connection.run("cancel_batch", batch_id, SLICE), 0)
        return Swept(expired, poisoned, due, cancelled)
