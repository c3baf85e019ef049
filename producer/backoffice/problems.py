"""Problems: every error as `application/problem+json` (RFC 9457), in the words of its class."""

import uuid
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import ConfigDict
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from producer.backoffice.access.credential import COOKIE
from shared import errors
from shared.record import Record
from shared.wording import Problem as Wrong
from shared.wording import in_one_sentence, problem_of

MEDIA_TYPE = "application/problem+json"
#: A service that is away is asked again after so many seconds.
RETRY_SECONDS = 5
#: Status of a class and of those below it, unless they have their own; others are 500.
STATUSES: Mapping[type[errors.RestyleError], int] = {
    errors.InputError: 422,
    errors.ImageError: 422,
    errors.MaskError: 422,
    errors.ModelError: 422,
    errors.WebhookError: 422,
    errors.StorageError: 422,
    errors.PathUnknown: 404,
    errors.FileUnknown: 404,
    errors.BatchUnknown: 404,
    errors.ItemUnknown: 404,
    errors.DecisionUnknown: 404,
    errors.ScheduleUnknown: 404,
    errors.DeliveryUnknown: 404,
    errors.ObjectMissing: 404,
    errors.BucketMissing: 404,
    errors.RecordMissing: 404,
    errors.ResultsMissing: 404,
    errors.MethodRefused: 405,
    errors.BatchExists: 409,
    errors.CountDiffers: 409,
    errors.BatchIncomplete: 409,
    errors.BatchRestoring: 409,
    errors.BatchNotArchived: 409,
    errors.BatchCancelled: 409,
    errors.PilotWaits: 409,
    errors.ItemNotFailed: 409,
    errors.ScheduleExists: 409,
    errors.KeyReused: 409,
    errors.RunLost: 409,
    errors.ClaimLost: 409,
    errors.SourceChanged: 409,
    errors.ObjectTooLarge: 413,
    errors.RowsTooMany: 413,
    errors.PlaceNotAllowed: 403,
    errors.CredentialMissing: 401,
    errors.CredentialRefused: 401,
    errors.RoleTooLow: 403,
    errors.RequestForeign: 403,
    errors.SignInInsecure: 403,
    errors.TokenUnknown: 404,
    errors.TokenExists: 409,
    errors.BodyTooSlow: 408,
    errors.BodyTooLarge: 413,
    errors.BodiesTooMany: 503,
    errors.FailuresTooMany: 429,
    errors.RenderingsBusy: 429,
    errors.ModelNotAllowed: 403,
    errors.BoardError: 503,
    errors.StorageUnavailable: 503,
    errors.StorageMisconfigured: 503,
    errors.CredentialsMissing: 503,
    errors.DiskFailed: 503,
    errors.ModelUnavailable: 503,
    errors.RenderingUnfinished: 504,
}

log = structlog.get_logger(__name__)


class Problem(Record):
    """An error as every route answers it; the facts of its kind stand beside these."""

    model_config = ConfigDict(extra="allow")

    #: urn:restyle:error:CODE.
    type: str
    title: str
    status: int
    #: One sentence: what and where.
    detail: str
    code: str
    #: What to do about it.
    hint: str


def _described(what: str) -> dict[str, Any]:
    """What the OpenAPI document says of an error; a model of FastAPI's would be said to be JSON."""
    return {"description": what, "content": {MEDIA_TYPE: {"schema": Problem.model_json_schema()}}}


#: What the OpenAPI document says of every route's errors.
RESPONSES: dict[int | str, dict[str, Any]] = {
    "4XX": _described("Something that was asked for is wrong."),
    "5XX": _described("Restyle, Redis or S3 cannot serve now."),
}


def tell_problems(app: FastAPI) -> None:
    """Let an app answer every error as a problem."""
    app.add_exception_handler(errors.RestyleError, respond)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _unexpected)


def status_of(error: errors.RestyleError) -> int:
    """The HTTP status of an error."""
    return status_of_kind(type(error))


def status_of_kind(kind: type[errors.RestyleError]) -> int:
    """The HTTP status of a class of errors: that of the nearest class that has one."""
    return next((STATUSES[cls] for cls in kind.__mro__ if cls in STATUSES), 500)


def answer(error: errors.RestyleError, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The error as a response."""
    status = status_of(error)
    return told(error.report(), status, _retry(error, status) | dict(headers or {}))


def told(report: Mapping[str, Any], status: int, headers: Mapping[str, str]) -> JSONResponse:
    """An error's report, or the failure of an item, as a response."""
    code, details = str(report["code"]), report["details"]
    facts = details if isinstance(details, dict) else {}
    body = facts | {
        "type": f"urn:restyle:error:{code}",
        "title": code.replace("_", " ").capitalize(),
        "status": status,
        "detail": report["message"],
        "code": code,
        "hint": report["hint"],
    }
    return JSONResponse(body, status, headers, MEDIA_TYPE)


def _retry(error: errors.RestyleError, status: int) -> dict[str, str]:
    if isinstance(error, errors.FailuresTooMany):
        return {"Retry-After": str(error.seconds)}
    is_passing = status in (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS)
    return {"Retry-After": str(RETRY_SECONDS)} if is_passing else {}


def respond(request: Request, error: Exception) -> JSONResponse:
    """The answer to a request that failed; the log tells what a person cannot mend."""
    if not isinstance(error, errors.RestyleError) or status_of(error) == 500:
        return _unexpected(request, error)
    if status_of(error) > 500:
        log.warning("a request could not be served", path=request.url.path, reason=str(error))
    response = answer(error)
    if status_of(error) == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = 'Bearer realm="restyle"'
    if isinstance(error, errors.CredentialRefused) and COOKIE in request.cookies:
        response.delete_cookie(COOKIE)  # else the page would fail with it again and again
    return response


def _invalid_request(request: Request, error: Exception) -> JSONResponse:  # noqa: ARG001 - the library's
    found = error.errors() if isinstance(error, RequestValidationError) else ()
    wrong = [_wrong(detail) for detail in found]
    fields = {one.field: one.message for one in wrong if one.field}
    return answer(errors.RequestInvalid(reason=in_one_sentence(wrong), fields=fields))


def _wrong(detail: Mapping[str, Any]) -> Wrong:
    """What is wrong, under the field's own name: whether it is of path, query or body is plain."""
    if detail["type"] == "json_invalid":
        return Wrong("", f"its body is no JSON ({detail['ctx']['error']})")
    return problem_of({**detail, "loc": detail["loc"][1:]})


def _http_error(request: Request, error: Exception) -> JSONResponse:
    """What the framework itself refuses: a path that nothing serves, a method, a body's size."""
    if not isinstance(error, HTTPException):
        return _unexpected(request, error)
    facts = {"method": request.method, "path": request.url.path}
    if error.status_code == HTTPStatus.NOT_FOUND:
        return answer(errors.PathUnknown(path=facts["path"]))
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return answer(errors.MethodRefused(**facts), error.headers)
    reason = str(error.detail).rstrip(".").lower()
    return answer(errors.RequestInvalid(reason=reason, fields={}))


def _unexpected(request: Request, error: Exception) -> JSONResponse:
    """The answer tells nothing of the inside; the log has it under the id that the answer names."""
    mark = uuid.uuid4().hex[:12]
    log.error("a request failed", id=mark, path=request.url.path, exc_info=error)
    return answer(errors.RestyleError(reason=f"the log tells more under the id {mark}"))
