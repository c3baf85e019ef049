"""Turns validation errors into one sentence a person can act on."""

import difflib
from collections.abc import Iterable

from pydantic import ValidationError

#: Problems named in one sentence; the rest is counted.
MAX_NAMED = 5


def first_problems(error: ValidationError, known: Iterable[str]) -> str:
    """`steps: should be at least 1, not 0; colour: unknown field`, at most five of them."""
    known = list(known)
    problems = [_problem(dict(detail), known) for detail in error.errors()]
    named = "; ".join(problems[:MAX_NAMED])
    rest = len(problems) - MAX_NAMED
    return f"{named}; and {rest} more" if rest > 0 else named


def problem_fields(error: ValidationError) -> list[str]:
    """The names of the fields at fault, sorted, each once; none for a problem of the whole."""
    return sorted({str(detail["loc"][0]) for detail in error.errors() if detail["loc"]})


def _problem(detail: dict[str, object], known: list[str]) -> str:
    location = detail["loc"]
    field = ".".join(str(part) for part in location) if isinstance(location, tuple) else ""
    if detail["type"] == "extra_forbidden":
        named = shorten(field if field.isprintable() else ascii(field))
        return f"{named}: unknown field{did_you_mean(field, known)}"
    if detail["type"] == "missing":
        return f"{field}: is missing"
    message = str(detail["msg"]).removeprefix("Value error, ").removeprefix("Input ")
    shown = shorten(repr(detail["input"]))
    return f"{field}: {message}, not {shown}" if field else message


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """` (did you mean steps?)`, or nothing if no known word is near."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def shorten(text: str, limit: int = 60) -> str:
    """The text, cut to a limit of characters with an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
