"""Writing a report beside a batch's results, and reading it back."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from pydantic import ValidationError

from producer.report.making import Made, make_report
from producer.report.page import render_page
from producer.report.pictures import sample_cards
from producer.report.record import Report
from producer.retrieval import recorded_batch
from shared.board import StatusBoard
from shared.errors import ObjectMissing, RecordMissing
from shared.jobs import Batch
from shared.keys import S3Address, batch_file
from shared.pictures.limits import Limits
from shared.s3 import ObjectStore


def report_address(batch: Batch) -> S3Address:
    """Where the report lies as JSON."""
    return batch_file(batch.output, batch.batch_id, "report.json")


def page_address(batch: Batch) -> S3Address:
    """Where the report lies as a page."""
    return batch_file(batch.output, batch.batch_id, "report.html")


def write_report(
    board: StatusBoard, store: ObjectStore, batch_id: str, limits: Limits
) -> list[S3Address]:
    """Write report.html and report.json beside the results; harmless if repeated.

    Args:
        board: Where the batch stands.
        store: Where its pictures are and its report goes.
        batch_id: The batch.
        limits: Larger pictures are not shown.

    Returns:
        The two addresses, the page first.

    Raises:
        BatchUnknown: No such batch.
        BoardError: Redis did not answer.
        StorageError: S3 refused, or did not answer.
    """
    made = make_report(board, store, batch_id)
    page, report = page_address(made.report.batch), report_address(made.report.batch)
    store.put(page, page_of(made, store, limits).encode(), content_type="text/html; charset=utf-8")
    content = made.report.model_dump_json(indent=2).encode()
    store.put(report, content, content_type="application/json")
    return [page, report]


def page_of(made: Made, store: ObjectStore, limits: Limits) -> str:
    """The page of a report that was just made, its pictures fetched."""
    cards = sample_cards(store, made.report.batch, made.sample, limits)
    return render_page(made.report, cards)


@dataclass(frozen=True, slots=True)
class Found:
    """A report, and the way to its page."""

    report: Report
    #: The page as text; asking for it may fetch pictures.
    page: Callable[[], str]
    #: Where the page lies in S3; None where the report was made just now.
    address: S3Address | None


def find_report(board: StatusBoard, store: ObjectStore, batch_id: str, limits: Limits) -> Found:
    """The report that was written when a batch ended; of one that has none, made now.

    Raises:
        BatchUnknown: No such batch.
        BoardError: Redis did not answer.
        StorageError: S3 refused, or did not answer.
    """
    status = board.status(batch_id)
    written = written_report(status.batch, store) if status.ended_at else None
    if written is None:
        made = make_report(board, store, batch_id)
        return Found(made.report, partial(page_of, made, store, limits), None)
    address = page_address(status.batch)
    return Found(written, lambda: store.get(address).decode(), address)


def archived_report(record: str, store: ObjectStore) -> Found:
    """The report of a batch that has left the board, from its folder in S3.

    Raises:
        RecordMissing: It has none.
        StorageError: S3 refused, or did not answer.
    """
    batch = recorded_batch(record, store)
    written, address = written_report(batch, store), page_address(batch)
    if written is None:
        raise RecordMissing(record=report_address(batch))
    return Found(written, lambda: store.get(address).decode(), address)


def written_report(batch: Batch, store: ObjectStore) -> Report | None:
    """The report that was written when a batch ended; None where none is, or of another form.

    Raises:
        StorageError: S3 refused, or did not answer.
    """
    try:
        return Report.model_validate_json(store.get(report_address(batch)))
    except (ObjectMissing, ValidationError):
        return None
