"""Announcing: what a steward lets the receivers of webhooks know."""

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

from producer.report.writing import page_address
from producer.webhooks import Event, announce, announce_batch
from shared.board import StatusBoard
from shared.errors import ScheduleUnknown
from shared.jobs import BatchStatus, Failure
from shared.keys import S3Address
from shared.schedules import Run
from shared.settings import Settings
from shared.webhooks import targets

#: The event of a batch whose items are all final and whose results are written.
BATCH_ENDED = "batch.ended"
#: The event of a schedule whose run failed for a reason that does not pass.
SCHEDULE_BROKEN = "schedule.broken"


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


def announce_broken(board: StatusBoard, settings: Settings, run: Run, failure: Failure) -> None:
    """Announce that a schedule is broken, to its own targets and to those of the settings.

    Args:
        board: Gets the deliveries.
        settings: Names targets for every schedule.
        run: The run that failed.
        failure: Why.

    Raises:
        BoardError: Redis did not answer.
    """
    with contextlib.suppress(ScheduleUnknown):  # removed a moment ago
        own = board.schedule(run.schedule).schedule.options.webhooks
        facts = {
            "schedule": run.schedule,
            "slot": run.slot.key,
            **failure.model_dump(include={"code", "message", "hint"}),
        }
        event = Event(SCHEDULE_BROKEN, facts, f"{run.schedule}/{run.slot.key}")
        announce(board, tuple(dict.fromkeys((*own, *targets(settings.webhooks)))), event)
