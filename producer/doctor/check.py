"""Check: one line of the doctor's answer."""

from dataclasses import dataclass
from typing import Literal

from shared.errors import RestyleError

Verdict = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at, how it is, and what to run where it is not well."""

    name: str
    verdict: Verdict
    finding: str
    #: The one command to run; None where all is well.
    command: str | None = None


def ok(name: str, finding: str) -> Check:
    """All is well."""
    return Check(name, "ok", finding)


def warn(name: str, finding: str, command: str) -> Check:
    """It works, but somebody should know."""
    return Check(name, "warn", finding, command)


def fail(name: str, finding: str, command: str) -> Check:
    """Batches will not get through."""
    return Check(name, "fail", finding, command)


#: What to run first after an error, by its code, from its facts; else look at the settings.
_COMMANDS = {
    "access_denied": "aws sts get-caller-identity",
    "address_invalid": "restyle doctor --output s3://BUCKET/PREFIX/",
    "bucket_missing": "aws s3 mb s3://{address.bucket}",
    "credentials_missing": "aws configure",
    "model_invalid": "ls {reference}",
    "model_missing": "{command}",
    "model_reference_invalid": "ls -d {reference}*",
    "redis_full": "redis-cli -u {address} info memory",
    "redis_unreachable": "redis-cli -u {address} ping",
}


def failed(name: str, error: RestyleError, *, verdict: Verdict = "fail") -> Check:
    """The check that an error ended: its sentence, its hint, and the command for its code."""
    command = _COMMANDS.get(error.code, "restyle config show").format(**error.facts)
    return Check(name, verdict, f"{error} {error.report()['hint']}", command)
