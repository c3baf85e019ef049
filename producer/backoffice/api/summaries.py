"""Summaries: a batch's roll-up as the API answers it."""

from datetime import datetime
from typing import Any, Self

from producer.backoffice.office import Office
from producer.summary import summary
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
    #: The batch whose items it renders again.
    parent: str | None
    #: What becomes of masks that were found: auto, hold or off.
    gate: str
    #: Whether results wait for a person: none or required.
    review: str
    #: Held items whose masks the gate complains about.
    flagged: int
    #: Held items whose results are approved and about to be published.
    publishing: int
    #: Number of its newest change, for `changes`.
    cursor: int
    #: Images per minute lately; null while nothing can be said.
    rate_per_minute: float | None
    #: Seconds until no worker has anything left to do; null while nothing can be said.
    time_left_seconds: float | None

    @classmethod
    def of(cls, status: BatchStatus, office: Office) -> Self:
        """The summary of a batch."""
        progress, batch = office.paces.progress(status), status.batch
        told = {
            "parent": batch.parent,
            "gate": batch.style.gate,
            "review": batch.style.review,
            "rate_per_minute": _rounded(progress.rate_per_minute),
            "time_left_seconds": _rounded(progress.seconds_left),
        }
        return cls.model_validate(summary(status) | told | cls._more(status, office))

    @classmethod
    def _more(cls, status: BatchStatus, office: Office) -> dict[str, Any]:  # noqa: ARG003 - for below
        """What is told beyond the summary."""
        return {}


class BatchView(SummaryView):
    """A batch's roll-up, and what one asks of it alone."""

    #: The style as it was submitted.
    style_fields: dict[str, Any]
    #: Batches that render items of it again, by id.
    children: list[str]

    @classmethod
    def _more(cls, status: BatchStatus, office: Office) -> dict[str, Any]:
        return {
            "style_fields": status.batch.style.model_dump(mode="json"),
            "children": office.board.children(status.batch.batch_id),
        }


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 2)
