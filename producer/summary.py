"""Summary: a batch's roll-up in the words and the JSON that every surface shows."""

from typing import Any

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
    if status.paused:
        return "paused"
    if open_states == {ItemState.HELD}:
        return "held"
    return "running" if status.first_claim_at else "queued"


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
