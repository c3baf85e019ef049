"""Aws: the two services that are asked, and what they refuse, in our words."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import boto3
import botocore.exceptions as botocore_errors
from botocore.config import Config

from shared import errors
from shared.s3.faults import CREDENTIAL_ERRORS
from shared.urls import mask_urls
from shared.wording import shorten

#: Longest waits for a connection and for an answer, in seconds.
CONNECT_SECONDS, READ_SECONDS = 5.0, 30.0
#: Tries of a request.
ATTEMPTS = 5

_CONFIGURATION: tuple[type[Exception], ...] = (
    *CREDENTIAL_ERRORS,
    botocore_errors.NoRegionError,
    botocore_errors.ProfileNotFound,
)


@dataclass(frozen=True, slots=True)
class Aws:
    """Clients on boto3's own configuration; types are published for S3 only."""

    region: str
    sagemaker: Any
    scaling: Any

    @classmethod
    def connect(cls) -> Self:
        """The clients; nothing is sent yet.

        Raises:
            EndpointMisconfigured: No region, or a profile or endpoint that cannot be used.
        """
        config = Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            user_agent_extra="restyle",
        )
        try:
            session: Any = boto3.session.Session()
            names = ("sagemaker", "application-autoscaling")
            clients = [session.client(name, config=config) for name in names]
        except (botocore_errors.BotoCoreError, ValueError) as error:
            raise errors.EndpointMisconfigured(reason=_reason(error)) from error
        return cls(str(session.region_name), *clients)


@contextmanager
def asked(operation: str) -> Iterator[None]:
    """Raise the `EndpointError` that a vendor's error stands for.

    Args:
        operation: AWS' own name for the call.
    """
    try:
        yield
    except botocore_errors.ClientError as error:
        kind = errors.EndpointUnreachable if _passes(error) else errors.EndpointRefused
        raise kind(operation=operation, reason=_answer(error)) from error
    except _CONFIGURATION as error:
        raise errors.EndpointMisconfigured(reason=_reason(error)) from error
    except (botocore_errors.ConnectionError, botocore_errors.HTTPClientError) as error:
        raise errors.EndpointUnreachable(operation=operation, reason=_reason(error)) from error
    except botocore_errors.BotoCoreError as error:
        raise errors.EndpointRefused(operation=operation, reason=_reason(error)) from error


def says(error: errors.EndpointRefused, *words: str) -> bool:
    """Whether AWS said one of these: it has no codes for what is missing or there already."""
    return any(word in str(error.facts["reason"]) for word in words)


def _passes(error: botocore_errors.ClientError) -> bool:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)) >= 500


def _answer(error: botocore_errors.ClientError) -> str:
    told = error.response.get("Error", {})
    return f"{_short(told.get('Message', ''))} ({told.get('Code', 'no code')})"


def _reason(error: Exception) -> str:
    return _short(str(error))


def _short(text: str) -> str:
    return shorten(mask_urls(" ".join(text.split())).rstrip("."), 300)
