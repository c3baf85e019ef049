"""Captions: what stands beside pictures, as NAME.txt or in a metadata.jsonl; torch-free.

`metadata.jsonl` has a line of `{"file_name": …, "text": …}` for each picture, as the data sets of
the hub have; a .txt of the same stem beats it.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from shared.errors import InstancesUnusable, TokenMissing
from shared.wording import shorten
from worker.finetune.shelf import Shelf
from worker.finetune.words import holds

METADATA = "metadata.jsonl"
#: Captions that are quoted in one sentence.
MAX_QUOTED = 3


def read_captions(shelf: Shelf, names: Iterable[str]) -> dict[str, str]:
    """Caption by picture, of those that have one.

    Args:
        shelf: Where they lie.
        names: The pictures' names.

    Raises:
        InstancesUnusable: A file of captions cannot be read.
    """
    files = set(shelf.names())
    captions = _listed(shelf) if METADATA in files else {}
    beside = {name: f"{PurePosixPath(name).stem}.txt" for name in names}
    texts = {
        name: _text(shelf.read(file), file, shelf) for name, file in beside.items() if file in files
    }
    captions = {name: captions[name] for name in beside if name in captions}
    return {name: text for name, text in (captions | texts).items() if text}


def refuse_without_token(captions: Mapping[str, str], token: str, place: str) -> None:
    """Make sure that each caption holds the token, as a word and not within one.

    Raises:
        TokenMissing: Some do not.
    """
    lacking = [(name, text) for name, text in captions.items() if not holds(text, token)]
    if lacking:
        quoted = "; ".join(f"{name}: {shorten(text)!r}" for name, text in lacking[:MAX_QUOTED])
        raise TokenMissing(count=len(lacking), place=place, token=token, reason=quoted)


def _listed(shelf: Shelf) -> dict[str, str]:
    lines = filter(str.strip, _text(shelf.read(METADATA), METADATA, shelf).splitlines())
    try:
        rows = [json.loads(line) for line in lines]
        return {str(row["file_name"]): " ".join(str(row["text"]).split()) for row in rows}
    except (ValueError, KeyError, TypeError) as error:
        reason = f"{METADATA} has a line without file_name and text ({error})"
        raise _unreadable(shelf, reason) from error


def _text(body: bytes, file: str, shelf: Shelf) -> str:
    try:
        return body.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise _unreadable(shelf, f"{file} is no UTF-8") from error


def _unreadable(shelf: Shelf, reason: str) -> InstancesUnusable:
    return InstancesUnusable(count=1, total=len(shelf.names()), place=shelf.place, reason=reason)
