"""Making a report: a batch's roll-up, one look at each of its items, and its plan."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from producer.report.plan import PlanFacts, read_plan
from producer.report.record import BrokenSchedule, Pause, Report
from producer.report.tally import Tally
from producer.result_row import ResultRow
from producer.results import each_item
from producer.summary import phase
from producer.watch import past_rate
from shared.board import StatusBoard
from shared.jobs import BatchStatus, Item
from shared.keys import batch_file
from shared.s3 import ObjectStore
from shared.states import ItemState


@dataclass(frozen=True, slots=True)
class Made:
    """A report, and the items whose pictures its page shows."""

    report: Report
    sample: list[Item]


def make_report(board: StatusBoard, store: ObjectStore, batch_id: str) -> Made:
    """Report how a batch stands now; takes a look at each item, in bounded memory.

    Raises:
        BatchUnknown: No such batch.
        BoardError: Redis did not answer.
        StorageError: S3 answered with a passing fault, or not at all.
    """
    status = board.status(batch_id)
    tally = Tally()
    for item in each_item(board, batch_id):
        tally.add(item)
    report = sum_up(status, tally, read_plan(status.batch, store), made_at=datetime.now(UTC))
    broken = tuple(_broken(board, status.batch.output))
    return Made(report.model_copy(update={"broken_schedules": broken}), tally.sample())


def _broken(board: StatusBoard, output: str) -> Iterator[BrokenSchedule]:
    for standing in board.schedules().schedules:
        if (why := standing.broken) and standing.schedule.output == output:
            name = standing.schedule.name
            yield BrokenSchedule(name=name, code=why.code, message=why.message)


def sum_up(
    status: BatchStatus, tally: Tally, plan: PlanFacts | None, *, made_at: datetime
) -> Report:
    """The report that a roll-up and a look at all items amount to."""
    batch, done = status.batch, tally.counts[ItemState.DONE]
    counts = {state: tally.counts[state] for state in ItemState}
    # They are in the plan and not on the board.
    counts[ItemState.UNCHANGED] += status.counts.get(ItemState.UNCHANGED, 0)
    return Report(
        made_at=made_at,
        so_far=bool(status.open) or not status.sealed,
        phase=phase(status),
        batch=batch,
        style_digest=batch.style.digest,
        counts=counts,
        started_at=status.first_claim_at,
        finished_at=status.last_report_at,
        seconds=_seconds(status),
        images_per_minute=_rounded(past_rate(status)),
        device_seconds=status.device_seconds,
        device_seconds_per_image=_rounded(status.device_seconds / done if done else None),
        bytes_written=tally.bytes_written,
        pause=_pause(status),
        opens_at=status.opens_at,
        closes_at=status.closes_at,
        failures=tally.failures(),
        held=tuple(tally.held),
        held_masks=tally.stages["mask"],
        held_results=tally.stages["result"],
        slowest=tally.slowest(),
        sample=tuple(map(ResultRow.of, tally.sample())),
        plan=plan,
        results=str(batch_file(batch.output, batch.batch_id, "results.jsonl")),
    )


def _seconds(status: BatchStatus) -> float | None:
    first, last = status.first_claim_at, status.last_report_at
    return (last - first).total_seconds() if first and last else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _pause(status: BatchStatus) -> Pause | None:
    if not status.pause_reason:
        return None
    return Pause(reason=status.pause_reason, note=status.pause_note)
