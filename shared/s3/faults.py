"""What botocore raises, in our words: policy as data, by S3's code, by status, by class."""

from collections.abc import Iterator
from contextlib import contextmanager

import botocore.exceptions as botocore_errors
from urllib3.exceptions import HTTPError

from shared import errors
from shared.keys import S3Address
from shared.urls import mask_urls
from shared.wording import shorten

#: By S3's own code, which says more than the status.
_BY_CODE: dict[str, type[errors.StorageError]] = {
    "NoSuchBucket": errors.BucketMissing,
    "NoSuchKey": errors.ObjectMissing,
    "PreconditionFailed": errors.SourceChanged,
    "ExpiredToken": errors.AccessDenied,
    "InvalidToken": errors.AccessDenied,
    "InvalidObjectState": errors.StorageRefused,  # archived: a 403 that no permission cures
    "RequestTimeTooSkewed": errors.ClockSkewed,
    "RequestTimeout": errors.StorageUnavailable,
    "SlowDown": errors.StorageUnavailable,
}

#: By HTTP status; from 500 on the fault passes, and anything else is a refusal.
_BY_STATUS: dict[int, type[errors.StorageError]] = {
    401: errors.AccessDenied,
    403: errors.AccessDenied,
    404: errors.ObjectMissing,
    408: errors.StorageUnavailable,
    409: errors.StorageUnavailable,  # a conflicting operation is under way
    412: errors.SourceChanged,
    429: errors.StorageUnavailable,
    501: errors.StorageRefused,
}

#: Nobody is there to ask in the name of.
CREDENTIAL_ERRORS: tuple[type[Exception], ...] = (
    botocore_errors.NoCredentialsError,
    botocore_errors.PartialCredentialsError,
    botocore_errors.CredentialRetrievalError,
    botocore_errors.TokenRetrievalError,
    botocore_errors.SSOError,
)
#: Without an answer, by botocore's class; anything else is a refusal.
_BY_CLASS: tuple[tuple[type[Exception], type[errors.StorageError]], ...] = (
    *((kind, errors.CredentialsMissing) for kind in CREDENTIAL_ERRORS),
    (botocore_errors.ConnectionError, errors.StorageUnavailable),
    (botocore_errors.HTTPClientError, errors.StorageUnavailable),
    (botocore_errors.IncompleteReadError, errors.StorageUnavailable),
)


@contextmanager
def named(address: S3Address, operation: str, etag: str | None = None) -> Iterator[None]:
    """Raise the `StorageError` that a vendor's error stands for.

    Args:
        address: What the call is about.
        operation: S3's own name for the call.
        etag: The version that the call asks for.
    """
    try:
        yield
    except botocore_errors.ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        where = operation if code.isdigit() else f"{operation}: {code}"
        raise _answered(error)(
            address=address, operation=where, reason=reason_of(error), expected=etag
        ) from error
    # A key that is no text at all (half a surrogate pair) fails in botocore's own encoding.
    except (botocore_errors.BotoCoreError, HTTPError, UnicodeError) as error:
        raise _unanswered(error)(
            address=address, operation=operation, reason=reason_of(error)
        ) from error


def _answered(error: botocore_errors.ClientError) -> type[errors.StorageError]:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    by_status = errors.StorageUnavailable if status >= 500 else errors.StorageRefused
    code = error.response.get("Error", {}).get("Code", "")
    return _BY_CODE.get(code) or _BY_STATUS.get(status, by_status)


def _unanswered(error: Exception) -> type[errors.StorageError]:
    named = (ours for theirs, ours in _BY_CLASS if isinstance(error, theirs))
    return next(named, errors.StorageRefused)


@contextmanager
def configured() -> Iterator[None]:
    """The same for the making of a client, before there is anything to call.

    Raises:
        CredentialsMissing: Half a pair of keys.
        StorageMisconfigured: An endpoint, region or profile that cannot be used.
    """
    try:
        yield
    except botocore_errors.PartialCredentialsError as error:
        raise errors.CredentialsMissing(address="S3", reason=reason_of(error)) from error
    # botocore says a plain ValueError to an endpoint or region that is no name of a host.
    except (botocore_errors.BotoCoreError, ValueError) as error:
        raise errors.StorageMisconfigured(reason=reason_of(error)) from error


def reason_of(error: Exception) -> str:
    """A vendor's error in one short line, without passwords of the URLs that it names."""
    text = mask_urls(" ".join(str(error).split())).rstrip(".")
    return shorten(text, 300) or type(error).__name__
