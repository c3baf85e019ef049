"""Settling: of a batch that only people can go on with, what there is is written and told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from producer.steward.ending import Ending
from shared.board import StatusBoard
from shared.errors import BatchUnknown, BoardError, RestyleError
from shared.jobs import BatchStatus
from shared.keys import is_apart
from shared.results import Stage
from shared.review import Filter
from shared.states import ItemState

#: The event of a batch in which all that is open waits for a person.
REVIEW = "batch.review"
#: Who is at it decides more in a moment; what there is is written when nothing changed for so long.
QUIET_SECONDS = 20.0

log = structlog.get_logger(__name__)

#: Announces an event of a batch: its type, what tells this time from others, further facts.
Announce = Callable[[BatchStatus, str, str, Mapping[str, Any]], object]


@dataclass(frozen=True, slots=True)
class Settling:
    """Looks after batches that wait for people; every part of it may be repeated."""

    #: Writes the files.
    ending: Ending
    #: The same event may be announced several times.
    announce: Announce
    quiet_seconds: float = QUIET_SECONDS

    @property
    def board(self) -> StatusBoard:
        """Where the batches stand."""
        return self.ending.board

    def settle_batches(self, *, stopping: Callable[[], bool] = lambda: False) -> list[str]:
        """Write results and report of every batch that has settled, and announce it.

        Args:
            stopping: Asked before each batch; True leaves the rest to the next beat.

        Returns:
            The batches that were told of now, by id.

        Raises:
            BoardError: Redis did not answer.
        """
        settled = []
        for batch_id in self.board.settled(quiet_seconds=self.quiet_seconds):
            if stopping():
                break
            if self._try_to_settle(batch_id):
                settled.append(batch_id)
        return settled

    def _try_to_settle(self, batch_id: str) -> bool:
        try:
            return self._settle(batch_id)
        except BoardError:
            raise  # no other batch would fare better
        except BatchUnknown:
            return False
        except RestyleError as error:
            log.warning(
                "batch not settled, next beat tries again", batch=batch_id, **error.report()
            )
        except Exception:  # one odd batch must never keep all others from being told of
            log.exception("batch not settled, next beat tries again", batch=batch_id)
        return False

    def _settle(self, batch_id: str) -> bool:
        """Announced before it is marked, as an end is."""
        status = self.board.status(batch_id)
        if not is_apart(status.batch.output, batch_id):  # whoever asked looks at its one item
            files = self.ending.write_files(status.batch)
            results = [str(address) for address in files if address.stem == "results"]
            facts = {"held": self._held(batch_id), "flagged": status.flagged, "results": results}
            self.announce(status, REVIEW, f"settled/{status.cursor}", facts)
        settled = self.board.mark_settled(batch_id, status.cursor)
        if settled:
            log.info("batch waits for people", batch=batch_id, held=status.counts[ItemState.HELD])
        return settled

    def _held(self, batch_id: str) -> dict[Stage, int]:
        stages: tuple[Stage, ...] = ("mask", "result")
        held = frozenset({ItemState.HELD})
        return {
            stage: self.board.count(batch_id, Filter(states=held, stage=stage)) for stage in stages
        }
