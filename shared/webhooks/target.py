"""WebhookTarget: a URL that events are sent to."""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Annotated, Final, Self
from urllib.parse import SplitResult, quote, urlsplit

from pydantic import AfterValidator, Field

from shared.errors import WebhookInvalid
from shared.urls import mask_url

#: The ports of targets that name none.
PORTS: Final[dict[str, int]] = {"https": 443, "http": 80}
#: Most characters of a target.
MAX_LENGTH = 2_000
#: Most targets of one batch.
MAX_TARGETS = 10
#: Characters that a URL's path and query may hold as they are; `%` stands before two digits.
_PLAIN = "/%:@!$&'()*+,;=-._~?"
#: A host in ASCII.
_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")


@dataclass(frozen=True, slots=True)
class WebhookTarget:
    """A target taken apart."""

    scheme: str
    #: Name or address; international names in their ASCII form.
    host: str
    port: int
    #: Path and query, as they are asked for.
    path: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Take a target apart.

        Raises:
            WebhookInvalid: No http(s) URL, one without a host, or one with a user or a fragment.
        """
        if len(text) > MAX_LENGTH or not text.isprintable() or " " in text:
            raise _invalid(text, f"it is no URL of up to {MAX_LENGTH:,} printable characters")
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError as error:
            raise _invalid(text, f"it cannot be read ({error})") from error
        _refuse_odd(text, parts)
        path = quote((parts.path or "/") + (f"?{parts.query}" if parts.query else ""), safe=_PLAIN)
        return cls(parts.scheme, _ascii(text, parts), port or PORTS[parts.scheme], path)

    @property
    def authority(self) -> str:
        """The host as HTTP's Host header names it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}"


def targets(text: str) -> tuple[str, ...]:
    """The targets of a list that is divided by commas, each once.

    Raises:
        WebhookInvalid: One of them is none.
    """
    named = [part.strip() for part in text.split(",")]
    found = tuple(dict.fromkeys(part for part in named if part))
    for part in found:
        WebhookTarget.parse(part)
    return found


def _refuse_odd(text: str, parts: SplitResult) -> None:
    if parts.scheme not in PORTS:
        raise _invalid(text, "it must start with https:// (or http://)")
    if "@" in parts.netloc:
        raise _invalid(text, "it names a user or a password, which logs and records would show")
    if not parts.hostname:
        raise _invalid(text, "it names no host")
    if "#" in text:
        raise _invalid(text, "its part after # is never sent")
    if parts.port == 0:
        raise _invalid(text, "there is no port 0")


def _ascii(text: str, parts: SplitResult) -> str:
    host = (parts.hostname or "").removesuffix(".")
    try:
        if ":" in host:
            return str(ip_address(host))
        name = host.encode("idna").decode("ascii").lower()
    except ValueError as error:
        raise _invalid(text, f"its host is no name ({error})") from error
    if not _NAME.fullmatch(name):
        raise _invalid(text, "its host is no name")
    return name


def _invalid(text: str, reason: str) -> WebhookInvalid:
    return WebhookInvalid(target=mask_url(text[:MAX_LENGTH]), reason=reason.rstrip("."))


def _known(text: str) -> str:
    try:
        WebhookTarget.parse(text)
    except WebhookInvalid as error:
        raise ValueError(str(error).rstrip(".")) from error
    return text


def _known_list(text: str) -> str:
    for part in text.split(","):
        if part.strip():
            _known(part.strip())
    return text


#: The targets of a batch.
Targets = Annotated[
    tuple[Annotated[str, AfterValidator(_known)], ...], Field(max_length=MAX_TARGETS)
]
#: Targets as a setting names them, commas between.
TargetList = Annotated[str, AfterValidator(_known_list)]
