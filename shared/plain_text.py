"""Strangers' bytes as text that does no harm to whoever reads it."""

import re

from shared.urls import mask_urls

#: Names whose values nobody is shown.
_SECRET_NAMES = (
    r"[\w-]*(?:passw|passphrase|secret|token|credential|authorization|api_?key|access_?key)[\w-]*"  # noqa: S105 - names of secrets
)
#: Where a secret may stand, each before the part that is left out.
_SECRETS = (
    # "password": "…", secret=…
    re.compile(rf"(?i)({_SECRET_NAMES}[\"']?\s*[:=]\s*)(?:\"[^\"]*\"?|'[^']*'?|[^\s,;&)}}\]]+)"),
    # Keys that tell by their form what they are.
    re.compile(r"()\b(?:hf_\w{8,}|(?:AKIA|ASIA)[A-Z0-9]{12,})"),
)


def plain_text(raw: bytes, limit: int) -> str:
    """The bytes as one line of printable text, cut to a limit, without what looks like a secret.

    Args:
        raw: Any bytes; UTF-8 is read, the rest is shown as escapes.
        limit: Most characters of the answer.
    """
    # Four times as much, so that a secret across the cut is seen whole and masked before it.
    text = raw[: 4 * limit].decode("utf-8", errors="backslashreplace")
    text = mask_urls(text)
    for pattern in _SECRETS:
        text = pattern.sub(r"\1***", text)
    text = printable(text, breaks="")
    return text if len(text) <= limit and len(raw) <= 4 * limit else text[: limit - 1] + "…"


def printable(text: str, *, breaks: str = "\n") -> str:
    """The text with escapes in the place of what would steer a terminal.

    Args:
        text: Anybody's.
        breaks: Characters that may stay though they are not printable.
    """
    return "".join(char if char.isprintable() or char in breaks else _escape(char) for char in text)


def _escape(char: str) -> str:
    return " " if char in "\n\t\r" else ascii(char)[1:-1]
