"""Creating over HTTP: a batch or a plan of rows or a manifest, by the rules of the command line."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.responses import Response

from producer.backoffice.api.summaries import SummaryView
from producer.backoffice.asking import TheCaller, TheOffice
from producer.backoffice.bodies import body_of, described
from producer.backoffice.office import Office
from producer.backoffice.repeating import IdempotencyKey, once
from producer.backoffice.submissions import MAX_BYTES, SubmissionBody, submission_of
from producer.submission import Receipt, Submission
from producer.submit import new_batch_id, planned, submit
from shared.record import Record

router = APIRouter(tags=["batches"])

TheSubmission = Annotated[SubmissionBody, Depends(body_of(SubmissionBody, MAX_BYTES))]


class Created(Record):
    """What became of a submission."""

    batch: SummaryView
    #: The very same was submitted before; nothing was added.
    repeated: bool
    #: The plan in numbers; null where the submission was repeated.
    plan: dict[str, Any] | None
    #: Why no message went to the workers yet; empty where one did.
    delay: str
    #: What a person should know of the manifest and the style.
    notes: list[str]
    #: What a person should know of rows.
    row_notes: list[dict[str, Any]]
    #: What another program's catalogue was read by.
    catalogue: dict[str, Any] | None

    @classmethod
    def of(cls, receipt: Receipt, office: Office) -> "Created":
        """The answer that a receipt amounts to."""
        return cls.model_validate(
            {"batch": SummaryView.of(receipt.status, office), **receipt.facts()}
        )


@router.post("/batches", status_code=201, openapi_extra=described(SubmissionBody))
def create_batch(
    office: TheOffice,
    caller: TheCaller,
    body: TheSubmission,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> Created:
    """Queue what is new or changed, after checking all of it; 200 where it was queued before."""
    with submission_of(body, office.settings) as request:
        batch_id = request.batch_id or new_batch_id(_name(request))
        receipt = once(
            idempotency_key,
            caller,
            body,
            batch_id,
            office,
            lambda found: _submitted(replace(request, batch_id=found or request.batch_id), office),
        )
    return told(receipt, office, response)


@router.post("/plans", openapi_extra=described(SubmissionBody))
def plan(office: TheOffice, body: TheSubmission) -> dict[str, Any]:
    """What a submission would render, and why; queues nothing."""
    with submission_of(body, office.settings) as request:
        wishes = replace(request.wishes, orphans=True, fold_from=None, force=False)
        asked = replace(request, wishes=wishes)
        with planned(asked, office.board, office.store, cache=office.cache) as made:
            return made.summary()


def told(receipt: Receipt, office: Office, response: Response) -> Created:
    """A receipt as an answer: 201 with the new batch's path, or 200."""
    batch_id = receipt.status.batch.batch_id
    response.headers["Location"] = f"/api/v1/batches/{batch_id}"
    if receipt.repeated:
        response.status_code = 200
    return Created.of(receipt, office)


def _submitted(request: Submission, office: Office) -> Receipt:
    return submit(request, office.board, office.store, dispatch=office.dispatch, cache=office.cache)


def _name(request: Submission) -> str:
    return request.style.name if not isinstance(request.style, Path) else request.style.stem
