"""Announcing: what a steward lets the receivers of webhooks know."""

from collections.abc import Sequence

from producer.webhooks import announce_batch
from shared.board import StatusBoard
from shared.jobs import BatchStatus
from shared.keys import S3Address
from shared.settings import Settings

#: The event of a batch whose items are all final and whose results are written.
BATCH_ENDED = "batch.ended"


def announce_end(
    board: StatusBoard,
    settings: Settings,
    status: BatchStatus,
    results: Sequence[S3Address],
    *,
    report: S3Address | None = None,
) -> None:
    """Announce that a batch has ended; once for each time that its items were retried.

    Args:
        board: Gets the deliveries.
        settings: Names targets for every batch.
        status: The batch as it ended.
        results: Where its rows are.
        report: Where its report is.

    Raises:
        BoardError: Redis did not answer.
    """
    places = {"results": [str(address) for address in results], "report": report and str(report)}
    announce_batch(board, settings, status, BATCH_ENDED, more=places)
