"""Ending: a batch whose items are all final gets results, report and index, and is marked ended."""

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from producer.archive import write_roll_up
from producer.index import index_batch
from producer.report.writing import write_report
from producer.results import write_results
from producer.trail import write_trail
from shared.board import StatusBoard
from shared.errors import BoardError, RestyleError, StorageError
from shared.jobs import Batch, BatchStatus
from shared.keys import S3Address, is_apart
from shared.pictures.limits import Limits
from shared.s3 import ObjectStore

log = structlog.get_logger(__name__)

#: Called with a batch that is about to be marked ended, and with where its files are.
Announce = Callable[[BatchStatus, list[S3Address]], object]


def _to_nobody(_status: BatchStatus, _files: list[S3Address]) -> None:
    """Announce nothing."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Ends batches; every part of it may be repeated."""

    board: StatusBoard
    store: ObjectStore
    #: Larger pictures are not shown in a report.
    limits: Limits
    #: The same end may be announced several times.
    announce: Announce = _to_nobody

    def end_batches(self, *, stopping: Callable[[], bool] = lambda: False) -> list[str]:
        """End every batch whose items are all final: write what is written, then mark it ended.

        A batch whose results cannot be written stays as it is and does not keep the others waiting.

        Args:
            stopping: Asked before each batch; True leaves the rest to the next beat.

        Returns:
            The batches that were ended now, by id.

        Raises:
            BoardError: Redis did not answer.
        """
        ended: list[str] = []
        for batch_id in self.board.unended():
            if stopping():
                break
            if self._try_to_end(batch_id):
                ended.append(batch_id)
        return ended

    def _try_to_end(self, batch_id: str) -> bool:
        try:
            return self.end_batch(batch_id)
        except BoardError:
            raise  # no other batch would fare better
        except RestyleError as error:
            log.warning("batch not ended, next beat tries again", batch=batch_id, **error.report())
        except Exception:  # one odd batch must never keep all others from ending
            log.exception("batch not ended, next beat tries again", batch=batch_id)
        return False

    def end_batch(self, batch_id: str) -> bool:
        """Write results, report and index of one batch, announce its end and mark it ended.

        It is announced before it is marked, so that nobody who dies in between keeps it from being
        told; whoever comes next announces it again.

        Returns:
            False when items were retried meanwhile; the batch ends when they have.

        Raises:
            BatchUnknown: No such batch.
            BoardError: Redis did not answer.
            StorageError: S3 refused, or did not answer.
        """
        before = self.board.status(batch_id)
        files = self.write_files(before.batch)
        if not is_apart(before.batch.output, batch_id):
            index_batch(self.board, self.store, batch_id)
        status = self.board.status(batch_id)
        write_roll_up(before, self.store)
        if status.revision == before.revision and not status.open:
            self.announce(status, files)
        ended = self.board.mark_ended(batch_id, revision=before.revision)
        if ended:
            log.info("batch ended", batch=batch_id, files=[str(address) for address in files])
        return ended

    def write_files(self, batch: Batch) -> list[S3Address]:
        """Write what there is of a batch: its results, its decisions and its report.

        Raises:
            BatchUnknown: No such batch.
            BoardError: Redis did not answer.
            StorageError: S3 refused, or did not answer.
        """
        files = write_results(self.board, self.store, batch.batch_id)
        if not is_apart(batch.output, batch.batch_id):  # whoever asked looks at its one item
            files += write_trail(self.board, self.store, batch)
            files += self._report(batch.batch_id)
        return files

    def _report(self, batch_id: str) -> list[S3Address]:
        try:
            return write_report(self.board, self.store, batch_id, self.limits)
        except (BoardError, StorageError):
            raise  # the next beat writes it
        except Exception:  # a defect in a report must never keep a batch from ending
            log.exception("report not written; the batch ends without it", batch=batch_id)
            return []
