"""Workers over HTTP: each worker process, what it said of itself, and what it has in hand."""

from typing import Any

from fastapi import APIRouter

from producer.backoffice.asking import TheOffice
from shared.board import WorkerRecord
from shared.record import Record

router = APIRouter(prefix="/workers", tags=["workers"])

#: Seconds of silence are told in steps, so that an answer stays the same for a while.
STEP = 5.0


class ClaimView(Record):
    """An item that a worker renders now."""

    batch: str
    number: int


class WorkerView(Record):
    """A worker process as the board last heard of it."""

    #: Host, device and process.
    owner: str
    #: Seconds since it said something; over 30 it is not at work.
    silent_seconds: float
    claims: list[ClaimView]
    #: What it said: device, models, memory, rates; what is in it depends on its release.
    facts: dict[str, Any]


class WorkerList(Record):
    """All known workers, the longest silent first."""

    workers: list[WorkerView]


@router.get("")
def list_workers(office: TheOffice) -> WorkerList:
    """All worker processes of the last day, and what they do now."""
    return WorkerList(workers=[_view(worker) for worker in office.board.workers()])


def _view(worker: WorkerRecord) -> WorkerView:
    claims = [ClaimView(batch=batch, number=number) for batch, number in worker.claims]
    return WorkerView(
        owner=worker.owner,
        silent_seconds=STEP * round(worker.silent_seconds / STEP),
        claims=claims,
        facts=worker.facts,
    )
