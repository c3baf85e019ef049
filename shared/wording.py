"""Turns validation errors into one sentence a person can act on."""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from pydantic import AfterValidator, ValidationError

#: Problems named in one sentence; the rest is counted.
MAX_NAMED = 5
#: What a value should be, by pydantic's word for what is wrong with it; `{name}` is a figure of
#: the rule. What is missing here is told in pydantic's own words.
WORDS: Mapping[str, str] = {
    "missing": "is missing",
    "string_too_short": "is empty",  # no text of ours has another least length than 1
    "too_short": "is empty",  # nor has a list
    "too_long": "should have at most {max_length:,} members, not {actual_length:,}",
    "string_too_long": "should have at most {max_length:,} characters",
    "string_type": "should be a text",
    "string_unicode": "is no Unicode",
    "bool_type": "should be yes or no",
    "bool_parsing": "should be yes or no",
    "int_type": "should be a whole number",
    "int_from_float": "should be a whole number",
    "int_parsing": "should be a whole number",
    "int_parsing_size": "should be a whole number of fewer digits",
    "float_type": "should be a number",
    "float_parsing": "should be a number",
}
#: What is wrong with a name, not with the value that stands under it.
KEYS = frozenset({"missing", "invalid_key"})


class Problem(NamedTuple):
    """One thing that is wrong with a value, as a clause that goes on from its field's name."""

    #: `steps`, or `mask_prompt.1` for a member (from 0); empty for a problem of the whole.
    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}" if self.field else self.message


def problems(error: ValidationError, known: Iterable[str]) -> list[Problem]:
    """Everything that is wrong, in the order of the fields; `known` are names to be proposed."""
    known = list(known)
    return [problem_of(dict(detail), known) for detail in error.errors()]


def first_problems(error: ValidationError, known: Iterable[str]) -> str:
    """`steps: should be at least 1, not 0; colour: unknown field`, at most five of them."""
    return in_one_sentence(problems(error, known))


def in_one_sentence(found: list[Problem]) -> str:
    """The problems with semicolons between, at most five of them; the rest is counted."""
    named = "; ".join(str(problem) for problem in found[:MAX_NAMED])
    rest = len(found) - MAX_NAMED
    return f"{named}; and {rest} more" if rest > 0 else named


def problem_of(detail: Mapping[str, Any], known: Iterable[str] = ()) -> Problem:
    """The problem that one of pydantic's details tells of."""
    field = ".".join(str(part) for part in detail["loc"])
    if detail["type"] == "extra_forbidden":
        named = shorten(field if field.isprintable() else ascii(field))
        return Problem(named, f"unknown field{did_you_mean(field, known)}")
    message = _message(detail)
    # Only a wish for something else needs the value beside it, and each needs it once.
    if message.startswith("should") and ", not " not in message:
        message = f"{message}, not {shorten(repr(detail['input']))}"
    return Problem(field, message)


def _message(detail: Mapping[str, Any]) -> str:
    if detail["type"] not in KEYS and detail["loc"] and detail["input"] is None:
        return "is empty (null)"
    if words := WORDS.get(detail["type"]):
        return words.format(**detail.get("ctx", {}))
    return str(detail["msg"]).removeprefix("Value error, ").removeprefix("Input ")


def like(pattern: str, words: str) -> AfterValidator:
    """Validates texts: one that the whole pattern does not match is told in the field's words.

    Args:
        pattern: A regular expression.
        words: What the text should be, as a clause: `should look like #rrggbb`.
    """
    return AfterValidator(_matcher(re.compile(pattern), words))


def _matcher(pattern: re.Pattern[str], words: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if not pattern.fullmatch(text):
            raise ValueError(words)
        return text

    return check


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """` (did you mean steps?)`, or nothing if no known word is near."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def shorten(text: str, limit: int = 60) -> str:
    """The text, cut to a limit of characters with an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def counted(count: int, thing: str) -> str:
    """`1 item`, `12 items`."""
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"
