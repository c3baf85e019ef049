"""Captions: what stands beside pictures, as NAME.txt or in a metadata.jsonl; torch-free.

`metadata.jsonl` has a line of `{"file_name": …, "text": …}` for each picture, as the data sets of
the hub have; a .txt of the same stem beats it.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from shared.errors import CompanionsUnusable, TokenMissing
from shared.wording import shorten
from worker.finetune.shelf import Shelf
from worker.finetune.words import holds

METADATA = "metadata.jsonl"
TEXT_ENDING = ".txt"
#: Captions that are quoted in one sentence.
MAX_QUOTED = 3


def read_captions(shelf: Shelf, names: Sequence[str]) -> dict[str, str]:
    """Caption by picture, of those that have one.

    Args:
        shelf: Where they lie.
        names: The names of all its pictures.

    Raises:
        CompanionsUnusable: A file of captions cannot be read, or has some of other pictures.
    """
    files = shelf.names()
    captions = _listed(shelf, names) if METADATA in files else {}
    beside = {PurePosixPath(file).stem: file for file in files if _is_text(file)}
    for name in names:
        if file := beside.get(PurePosixPath(name).stem):
            captions[name] = _text(shelf, file)
    return {name: text for name, text in captions.items() if text}


def refuse_without_token(captions: Mapping[str, str], token: str, place: str) -> None:
    """Make sure that each caption holds the token, as a word and not within one.

    Raises:
        TokenMissing: Some do not.
    """
    lacking = [(name, text) for name, text in captions.items() if not holds(text, token)]
    if lacking:
        quoted = "; ".join(f"{name}: {shorten(text)!r}" for name, text in lacking[:MAX_QUOTED])
        raise TokenMissing(count=len(lacking), place=place, token=token, reason=quoted)


def _listed(shelf: Shelf, names: Sequence[str]) -> dict[str, str]:
    lines = filter(str.strip, _text(shelf, METADATA).splitlines())
    try:
        rows = [json.loads(line) for line in lines]
        listed = {str(row["file_name"]): " ".join(str(row["text"]).split()) for row in rows}
    except (ValueError, KeyError, TypeError) as error:
        reason = f"{METADATA} has a line without file_name and text ({error})"
        raise CompanionsUnusable(count=1, place=shelf.place, reason=reason) from error
    if strange := [name for name in listed if name not in names]:
        named = ", ".join(map(shorten, strange[:MAX_QUOTED]))
        reason = f"{METADATA} names what is no picture there ({named})"
        raise CompanionsUnusable(count=len(strange), place=shelf.place, reason=reason)
    return listed


def _text(shelf: Shelf, file: str) -> str:
    try:
        return shelf.read(file).decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        reason = f"{file} is no UTF-8"
        raise CompanionsUnusable(count=1, place=shelf.place, reason=reason) from error


def _is_text(file: str) -> bool:
    return file.lower().endswith(TEXT_ENDING)
