"""Halts: windows are opened anew when they have closed, and what stopped a batch is announced."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeAlias

from shared.board import StatusBoard
from shared.jobs import BatchStatus

#: The events of a batch that stopped, and of one whose pilot waits to be looked at.
PAUSED, PILOT_READY = "batch.paused", "batch.pilot_ready"

#: Announces an event of a batch: its type, what tells this time from others, further facts.
Announce: TypeAlias = Callable[[BatchStatus, str, str, Mapping[str, Any]], object]


def look_after_halts(board: StatusBoard, announce: Announce) -> None:
    """Announce what has stopped, and set the next window of each batch whose window is over.

    That it stops is the board's own doing, at that very item. Announcing comes first and may be
    repeated, so that nobody who dies in between keeps it from being told.

    Args:
        board: Where the batches stand.
        announce: The same event may be announced several times.

    Raises:
        BoardError: Redis did not answer.
    """
    now = board.clock()
    for status in board.open_batches():
        if not status.open or status.cancelled or not status.sealed:
            continue
        if status.paused and status.pause_reason != "person":
            _announce_pause(status, announce)
        if status.batch.window:
            _keep_window(board, status, now, announce)


def _announce_pause(status: BatchStatus, announce: Announce) -> None:
    event = PILOT_READY if status.pause_reason == "pilot" else PAUSED
    facts = {"reason": status.pause_reason, "note": status.pause_note}
    announce(status, event, f"{status.pause_reason}/{_moment(status.paused_at)}", facts)


def _keep_window(
    board: StatusBoard, status: BatchStatus, now: datetime, announce: Announce
) -> None:
    window, closes = status.batch.window, status.closes_at
    if window is None or (closes and now < closes):
        return
    span = window.span(now)
    if closes and not status.paused:
        facts = {"reason": "window", "note": f"its window opens again at {span.opens.isoformat()}"}
        announce(status, PAUSED, f"window/{_moment(closes)}", facts)
    board.set_window(status.batch.batch_id, *span)


def _moment(time: datetime | None) -> str:
    return time.isoformat() if time else ""
