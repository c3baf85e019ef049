"""Summary: a batch's roll-up in the words and the JSON that every surface shows."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from shared.jobs import BatchStatus
from shared.states import ItemState


def phase(status: BatchStatus) -> str:
    """One word for where the batch as a whole stands."""
    open_states = {state for state, count in status.counts.items() if count} & {
        ItemState.QUEUED,
        ItemState.RUNNING,
        ItemState.HELD,
    }
    if not status.sealed:
        return "recovering" if status.restoring else "submitting"
    if not open_states:
        return "cancelled" if status.cancelled else "ended"
    if status.cancelled:
        return "cancelling"
    return _open_phase(status, only_held=open_states == {ItemState.HELD})


def _open_phase(status: BatchStatus, *, only_held: bool) -> str:
    if status.paused:
        return "paused"
    if only_held:
        return "held"
    if is_closed(status):
        return "closed"
    return "running" if status.first_claim_at else "queued"


def is_closed(status: BatchStatus) -> bool:
    """Whether its window is not open, by this host's clock."""
    opens, closes, now = status.opens_at, status.closes_at, datetime.now(UTC)
    return bool(opens and closes and not opens <= now < closes)


def halt(status: BatchStatus) -> str:
    """Why nothing of an open batch is given out, and what brings it back; empty where it is."""
    batch, waiting = status.batch.batch_id, status.counts.get(ItemState.QUEUED, 0)
    left = f"{waiting:,} {'item waits' if waiting == 1 else 'items wait'}"
    if not status.open or status.cancelled:
        return ""
    if status.pause_reason == "pilot":
        return f"{status.pause_note}; {left}: restyle promote {batch}"
    if status.paused:
        why = f": {status.pause_note}" if status.pause_note else ""
        goes_on = status.pause_reason == "budget" and status.closes_at
        until = " (or its next window)" if goes_on else ""
        return f"paused{why}; {left}: restyle resume {batch}{until}"
    if is_closed(status) and status.opens_at:
        return f"its window is closed until {_moment(status, status.opens_at)}; {left}"
    return ""


def _moment(status: BatchStatus, time: datetime) -> str:
    """By the clocks that the window goes by."""
    window = status.batch.window
    zone = ZoneInfo(window.timezone) if window else None
    return f"{time.astimezone(zone):%Y-%m-%d %H:%M %Z}"


def counted_states(status: BatchStatus) -> str:
    """`22 done, 2 failed`: every state that some item is in."""
    return ", ".join(f"{count:,} {state}" for state, count in status.counts.items() if count)


def summary(status: BatchStatus) -> dict[str, Any]:
    """The roll-up as flat JSON; `counts` names every state and sums to `total`."""
    batch = status.batch
    return {
        "batch": batch.batch_id,
        "phase": phase(status),
        "total": batch.total,
        "open": status.open,
        "counts": {state.value: status.counts.get(state, 0) for state in ItemState},
        "lane": batch.lane,
        "priority": batch.priority,
        "style": batch.style.name,
        "output": batch.output,
        "models": {name: model.digest for name, model in batch.models.items()},
        **status.model_dump(mode="json", exclude={"batch", "counts", "revision"}),
        "submitted_at": batch.model_dump(mode="json")["submitted_at"],
    }
