"""Summaries: a batch's roll-up as the API answers it."""

from datetime import datetime
from typing import Any, Self

from producer.summary import summary
from producer.watch import Progress, past_rate
from shared.brakes import PauseReason
from shared.jobs import BatchStatus, Lane
from shared.record import Record
from shared.states import ItemState


class SummaryView(Record):
    """A batch's roll-up; the counts sum to the total."""

    batch: str
    #: One word for where the batch as a whole stands.
    phase: str
    total: int
    #: Items not yet in a final state.
    open: int
    #: Every state, those of no item too.
    counts: dict[ItemState, int]
    lane: Lane
    #: 0 to 9; 9 gets ten times the turns of 0.
    priority: int
    #: The style's name.
    style: str
    #: s3://bucket/prefix/ that results go under.
    output: str
    #: Digest of each model, by its reference.
    models: dict[str, str]
    sealed: bool
    restoring: bool
    cancelled: bool
    paused: bool
    pause_reason: PauseReason | None
    pause_note: str
    paused_at: datetime | None
    #: Whether only its pilot is given out.
    pilot: bool
    opens_at: datetime | None
    closes_at: datetime | None
    #: Seconds that devices worked for its items so far.
    device_seconds: float
    ended_at: datetime | None
    recovered_at: datetime | None
    first_claim_at: datetime | None
    last_report_at: datetime | None
    submitted_at: datetime
    #: Images per minute lately; null while nothing can be said.
    rate_per_minute: float | None
    #: Seconds until no worker has anything left to do; null while nothing can be said.
    time_left_seconds: float | None

    @classmethod
    def of(cls, status: BatchStatus) -> Self:
        """The summary of a batch."""
        return cls.model_validate(_fields(status))


class BatchView(SummaryView):
    """A batch's roll-up, and what one asks of it alone."""

    #: The style as it was submitted.
    style_fields: dict[str, Any]

    @classmethod
    def of(cls, status: BatchStatus) -> Self:
        """The batch."""
        style = status.batch.style.model_dump(mode="json")
        return cls.model_validate(_fields(status) | {"style_fields": style})


def _fields(status: BatchStatus) -> dict[str, Any]:
    progress = Progress.of(status.counts, None if status.paused else past_rate(status))
    return summary(status) | {
        "rate_per_minute": progress.rate_per_minute,
        "time_left_seconds": progress.seconds_left,
    }
