"""Report: what `report.json` holds, frozen and versioned."""

from typing import Literal

from pydantic import AwareDatetime, Field

from producer.report.plan import PlanFacts
from producer.result_row import ResultRow
from shared.brakes import PauseReason
from shared.jobs import Batch, Digest
from shared.record import Record
from shared.states import ItemState


class FailureKind(Record):
    """All failures of one code."""

    code: str
    count: int = Field(ge=1)
    #: What the first of them says; each example has words of its own.
    message: str
    hint: str
    #: The first ones in manifest order, as in `results.jsonl`.
    examples: tuple[ResultRow, ...]


class SlowItem(Record):
    """An item that took long."""

    external_id: str
    source: str
    sidecar: str
    #: Seconds from claim to report.
    render_seconds: float
    #: Seconds that devices worked for it.
    device_seconds: float


class Pause(Record):
    """What stopped the batch when the report was made."""

    reason: PauseReason
    #: The reason as a clause, where it was no person.
    note: str


class BrokenSchedule(Record):
    """A schedule of the same output that made no batch when it was due."""

    name: str
    code: str
    message: str


class Report(Record):
    """What became of a batch."""

    version: Literal[1] = 1
    made_at: AwareDatetime
    #: Whether items were still open then, or being submitted.
    so_far: bool
    #: As `restyle status` tells it: `ended`, `cancelled`, `paused`, …
    phase: str
    #: As submitted: style, models with their digests, lane, caps, output, …
    batch: Batch
    style_digest: Digest
    #: Items by state; every state is there, and they sum to the batch's total.
    counts: dict[ItemState, int]
    #: First claim and last report by the board's clock, and the seconds between them.
    started_at: AwareDatetime | None
    finished_at: AwareDatetime | None
    seconds: float | None
    #: Items done a minute in that time.
    images_per_minute: float | None
    #: Seconds that devices worked, failed tries included; and for each item that is done.
    device_seconds: float
    device_seconds_per_image: float | None
    #: Bytes of all variants; masks and sidecars are not among them.
    bytes_written: int
    pause: Pause | None
    #: Its last window, where it has one.
    opens_at: AwareDatetime | None
    closes_at: AwareDatetime | None
    #: The most frequent first.
    failures: tuple[FailureKind, ...]
    #: The first of the items that wait for a person; `counts` has their number.
    held: tuple[ResultRow, ...]
    #: How many of them wait with a mask, and with a result.
    held_masks: int = 0
    held_results: int = 0
    #: The slowest first.
    slowest: tuple[SlowItem, ...]
    #: Items that are done, spread over the batch: those of the page's contact sheet.
    sample: tuple[ResultRow, ...]
    #: What the submission's plan said; None where it made none.
    plan: PlanFacts | None
    #: What should have been submitted into this output beside it, and could not be.
    broken_schedules: tuple[BrokenSchedule, ...] = ()
    #: s3:// address of `results.jsonl`.
    results: str
