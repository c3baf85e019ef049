"""Retiring: batches that ended long ago leave the board, where S3 verifiably has them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from producer.archive import is_kept
from producer.steward.ending import Ending
from shared.board import StatusBoard
from shared.board.retirement import ITEMS_PER_RUN
from shared.errors import BatchUnknown, BoardError, RestyleError
from shared.jobs import BatchStatus
from shared.keys import is_apart

#: Batches that one beat looks at: two requests to S3 each.
BATCHES_PER_BEAT = 20
#: Items that one beat removes: half a second of Redis' time, in slices.
ITEMS_PER_BEAT = 100_000
#: A batch that cannot leave is looked at again after so long.
PUT_OFF = timedelta(minutes=10)
#: Replays and renderings are read by who asked for them, a recovered batch may be retried.
LEAST_STAY = timedelta(hours=1)

log = structlog.get_logger(__name__)


def retire_batches(
    ending: Ending,
    retention_days: float,
    *,
    now: datetime | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> list[str]:
    """Take batches off the board that ended long ago, and go on with what was interrupted.

    Args:
        ending: Knows where the batches stand and where their files are, and writes what is missing.
        retention_days: They must have ended so long ago.
        now: By default the time by Redis' clock, which they are dated by.
        stopping: Asked between two steps; True leaves the rest to the next beat.

    Returns:
        The batches that left now, by id.

    Raises:
        BoardError: Redis did not answer.
    """
    moment = now or ending.board.clock()
    retiring = _Retiring(ending, moment, timedelta(days=retention_days))
    retiring.go_on(stopping)
    retired = []
    for batch_id in ending.board.ended_by(retiring.latest, limit=BATCHES_PER_BEAT):
        if stopping():
            break
        if retiring.retire(batch_id):
            retired.append(batch_id)
            retiring.go_on(stopping)
    return retired


@dataclass(slots=True)
class _Retiring:
    """One beat's retirements."""

    ending: Ending
    now: datetime
    stay: timedelta
    #: Slices of items that this beat may still remove.
    _runs: int = field(default=ITEMS_PER_BEAT // ITEMS_PER_RUN)

    @property
    def board(self) -> StatusBoard:
        """Where the batches stand."""
        return self.ending.board

    @property
    def latest(self) -> datetime:
        """What ended after this stays."""
        return self.now - self.stay

    def go_on(self, stopping: Callable[[], bool]) -> None:
        """Remove the items of batches that have left, as far as this beat goes."""
        for batch_id in self.board.retiring():
            left = 1
            while left and self._runs and not stopping():
                left = self.board.clear_retired(batch_id, runs=1)
                self._runs -= 1

    def retire(self, batch_id: str) -> bool:
        """Retire one batch; one that cannot go does not keep the others waiting."""
        try:
            return self._retire(batch_id)
        except BoardError:
            raise  # no other batch would fare better
        except BatchUnknown:
            return False  # another steward was quicker
        except RestyleError as error:
            log.warning("batch not retired, tried again later", batch=batch_id, **error.report())
        except Exception:  # one odd batch must never keep all others from leaving
            log.exception("batch not retired, tried again later", batch=batch_id)
        self._put_off(batch_id, PUT_OFF)
        return False

    def _retire(self, batch_id: str) -> bool:
        status = self.board.status(batch_id)
        apart = is_apart(status.batch.output, batch_id)
        if (status.recovered_at or apart) and self._is_fresh(status):
            self._put_off(batch_id, LEAST_STAY)
            return False
        # A replay's results were removed when it had been looked at; a rendering's need no list.
        if not apart and not is_kept(status, self.ending.store):
            self._mend(batch_id)
            return False
        left = self.board.retire(status, self.latest, indexed=not apart)
        if left:
            log.info("batch retired", batch=batch_id, output=status.batch.output)
        return left

    def _is_fresh(self, status: BatchStatus) -> bool:
        return status.ended_at is not None and self.now - status.ended_at < LEAST_STAY

    def _mend(self, batch_id: str) -> None:
        """Write what S3 should have; a later beat looks whether it does."""
        reason = "its results or its roll-up are not in S3 as they were written"
        log.warning("batch not retired, its results are written anew", batch=batch_id, why=reason)
        self._put_off(batch_id, PUT_OFF)
        self.ending.end_batch(batch_id)

    def _put_off(self, batch_id: str, time: timedelta) -> None:
        self.board.put_off(batch_id, self.latest + time)
