"""Creating over HTTP: a batch or a plan of rows or a manifest, by the rules of the command line."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header
from starlette.responses import Response

from producer.backoffice.api.summaries import SummaryView
from producer.backoffice.asking import TheCaller, TheOffice
from producer.backoffice.bodies import body_of, described
from producer.backoffice.office import Office
from producer.backoffice.submissions import MAX_BYTES, SubmissionBody, submission_of
from producer.idempotence import Keyed, keyed
from producer.submission import Receipt, Submission
from producer.submit import new_batch_id, planned, submit
from shared.errors import BatchUnknown, InputError, ModelError
from shared.record import Record

router = APIRouter(tags=["batches"])

TheSubmission = Annotated[SubmissionBody, Depends(body_of(SubmissionBody, MAX_BYTES))]
#: Whoever repeats a request under its key within a day gets the batch that it made.
IdempotencyKey = Annotated[str | None, Header(min_length=1, max_length=255)]


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
        known = None
        if idempotency_key:
            digest = hashlib.sha256(body.model_dump_json().encode()).hexdigest()
            wanted = request.batch_id or new_batch_id(_name(request))
            known = keyed(idempotency_key, caller.name, digest, wanted, office.board)
        return told(placed(request, known, office), office, response)


@router.post("/plans", openapi_extra=described(SubmissionBody))
def plan(office: TheOffice, body: TheSubmission) -> dict[str, Any]:
    """What a submission would render, and why; queues nothing."""
    with submission_of(body, office.settings) as request:
        wishes = replace(request.wishes, orphans=True, fold_from=None, force=False)
        asked = replace(request, wishes=wishes)
        with planned(asked, office.board, office.store) as made:
            return made.summary()


def told(receipt: Receipt, office: Office, response: Response) -> Created:
    """A receipt as an answer: 201 with the new batch's path, or 200."""
    batch_id = receipt.status.batch.batch_id
    response.headers["Location"] = f"/api/v1/batches/{batch_id}"
    if receipt.repeated:
        response.status_code = 200
    return Created.of(receipt, office)


def placed(request: Submission, known: Keyed | None, office: Office) -> Receipt:
    """Submit, unless the very request was submitted under its key before.

    Raises:
        RestyleError: As `submit`; a request that is refused leaves its key free.
    """
    if known is None:
        return _submitted(request, office)
    if not known.is_first and (receipt := _found(known.batch_id, office)):
        return receipt
    try:
        return _submitted(replace(request, batch_id=known.batch_id), office)
    except (InputError, ModelError):
        if known.is_first:
            known.forget(office.board)
        raise


def _submitted(request: Submission, office: Office) -> Receipt:
    return submit(request, office.board, office.store, dispatch=office.dispatch, cache=office.cache)


def _found(batch_id: str, office: Office) -> Receipt | None:
    """The receipt of a batch that is whole; its manifest may be another by now."""
    try:
        status = office.reader.status(batch_id)
    except BatchUnknown:
        return None
    return Receipt(status, repeated=True) if status.sealed else None


def _name(request: Submission) -> str:
    return request.style.name if not isinstance(request.style, Path) else request.style.stem
