"""Announcing: what a steward lets the receivers of webhooks know."""

from collections.abc import Mapping, Sequence
from typing import Any

from producer.report.writing import page_address
from producer.webhooks import announce_batch
from shared.board import StatusBoard
from shared.jobs import BatchStatus
from shared.keys import S3Address
from shared.settings import Settings

#: The event of a batch whose items are all final and whose results are written.
BATCH_ENDED = "batch.ended"


def announce_end(
    board: StatusBoard, settings: Settings, status: BatchStatus, files: Sequence[S3Address]
) -> None:
    """Announce that a batch has ended; once for each time that its items were retried.

    Args:
        board: Gets the deliveries.
        settings: Names targets for every batch.
        status: The batch as it ended.
        files: What was written about it: its results, its report.

    Raises:
        BoardError: Redis did not answer.
    """
    page = page_address(status.batch)
    results = [str(address) for address in files if address.stem == "results"]
    places = {"results": results, "report": str(page) if page in files else None}
    announce_batch(board, settings, status, BATCH_ENDED, more=places)


def announce_halt(
    board: StatusBoard,
    settings: Settings,
    status: BatchStatus,
    event_type: str,
    occasion: str,
    facts: Mapping[str, Any],
) -> None:
    """Announce that a batch stopped before its end.

    Args:
        board: Gets the deliveries.
        settings: Names targets for every batch.
        status: The batch as it stopped.
        event_type: Such as `batch.paused`.
        occasion: Tells this time from others.
        facts: Why it stopped.

    Raises:
        BoardError: Redis did not answer.
    """
    announce_batch(board, settings, status, event_type, occasion=occasion, more=facts)
