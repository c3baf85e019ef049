"""Rows: the lines of a CSV or JSONL file taken apart, each with the number an editor shows.

A row that cannot be taken apart becomes a `RowProblem` and the reading goes on, so that one look
names everything that is wrong with a file. Whether a value is right is the manifest's business.
"""

import codecs
import csv
import itertools
import json
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO, get_origin

from producer.problems import HeaderProblem, RowProblem
from shared.errors import ManifestUnreadable
from shared.styles import ALIASES, OVERRIDABLE, Style
from shared.wording import did_you_mean, shorten

#: A row over this many characters is none; it is skipped without being held in memory.
MAX_ROW = 1_000_000
#: What spreadsheets call the encoding that is read.
SAVE_AS_UTF8 = 'save the file as UTF-8 (a spreadsheet: "CSV UTF-8")'
#: Columns that say which picture a row means; all others override the style.
IDENTITY = ("source", "external_id", "mask", "etag", "size")
#: Every name that a column may have → the name it stands for; `mask` is the supplied mask.
COLUMNS: dict[str, str] = ALIASES | {name: name for name in (*IDENTITY, *sorted(OVERRIDABLE))}

_LISTS = {
    name for name, field in Style.model_fields.items() if get_origin(field.annotation) is tuple
}
_NUMBERS = {name for name, field in Style.model_fields.items() if field.annotation is float}


@dataclass(frozen=True, slots=True)
class Row:
    """A row taken apart: columns under their full names, without those that are not given."""

    number: int
    cells: dict[str, object]


Rows = Iterator[Row | RowProblem]


def csv_rows(stream: TextIO, name: str) -> Rows:
    """Rows of a CSV file, from `open_text`.

    Comma, semicolon or tab: whichever its first line, the header, has. Spaces around a cell are
    dropped, an empty cell is not given, `|` separates the members of a list. Other values stay
    text: the style reads numbers from text.

    Raises:
        ManifestUnreadable: The file is no text, or its header has no end.
    """
    lines = _Lines(stream, name)
    records = _records(_header(lines, name), lines)
    first = next(records, None)
    if first is None or isinstance(first, RowProblem):
        yield from [HeaderProblem(*first)] if first else []
        return
    columns = yield from _columns(*first)
    if "source" in columns:
        for record in records:
            yield from _csv_row(record, columns)


def jsonl_rows(stream: TextIO, name: str) -> Rows:
    """Rows of a JSON Lines file (from `open_text`): an object a line; `null` is not given.

    Raises:
        ManifestUnreadable: The file is no text.
    """
    lines = _Lines(stream, name)
    while True:
        lines.row = 0
        try:
            line = next(lines, None)
        except _RowTooLong as error:
            yield RowProblem(lines.number, "", str(error))
            continue
        if line is None:
            return
        if line.strip():
            yield from _json_row(lines.number, line)


def open_text(path: Path) -> TextIO:
    """A text file in UTF-8, or in UTF-16 with its byte order mark (a spreadsheet's "Unicode").

    Foreign bytes become lone surrogates, so that each row can be named.
    """
    with path.open("rb") as file:
        mark = file.read(2)
    if mark in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
        return path.open(encoding="utf-16", errors="surrogatepass", newline="")
    return path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")


class _RowTooLong(Exception):
    """A row that is skipped."""


class _Lines:
    """The lines of a file, whatever ends them, in bounded memory."""

    def __init__(self, stream: TextIO, name: str) -> None:
        self._stream, self._name = stream, name
        #: The number of the line read last, from 1.
        self.number = 0
        #: Characters of the row that is being read; whoever begins a row sets it to 0.
        self.row = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._read()
        if not line:
            raise StopIteration
        self.number += 1
        if self.number == 1 and (problem := foreign(line)):
            raise ManifestUnreadable(manifest=self._name, reason=f"it {problem}")
        self._skip_rest(line)
        self.row += len(line)
        if self.row >= MAX_ROW:
            raise _RowTooLong(f"is over {MAX_ROW:,} characters")
        return line

    def _skip_rest(self, part: str) -> None:
        while len(part) == MAX_ROW and not part.endswith(("\n", "\r")):
            part = self._read()

    def _read(self) -> str:
        try:
            return self._stream.readline(MAX_ROW)
        except UnicodeError as error:  # UTF-16 may break off within a character
            reason = f"it begins as UTF-16 text and is none; {SAVE_AS_UTF8}"
            raise ManifestUnreadable(manifest=self._name, reason=reason) from error


def foreign(text: str) -> str:
    """What keeps the text from being one, as a clause; empty where nothing does."""
    if "\0" in text:
        return f"holds NUL bytes, as no text in UTF-8 does; {SAVE_AS_UTF8}"
    return "" if is_unicode(text) else f"is no UTF-8 text; {SAVE_AS_UTF8}"


def is_unicode(text: str) -> bool:
    """Whether the text has no lone surrogates, and so can be written as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


# --- CSV -------------------------------------------------------------------------------------

_Record = tuple[int, list[str]]


def _header(lines: _Lines, name: str) -> str:
    """The first line that is not blank."""
    try:
        return next((line for line in lines if line.strip()), "")
    except _RowTooLong as error:
        raise ManifestUnreadable(manifest=name, reason=f"its first line {error}") from error


def _delimiter(header: str) -> str:
    """The delimiter under which the header has the most known columns; comma in doubt."""

    def known(delimiter: str) -> int:
        return sum(name.strip(' "\r\n').lower() in COLUMNS for name in header.split(delimiter))

    return max((",", ";", "\t"), key=known)


def _records(header: str, lines: _Lines) -> Iterator[_Record | RowProblem]:
    rest = itertools.chain([header], lines)
    reader = csv.reader(rest, delimiter=_delimiter(header), strict=True, skipinitialspace=True)
    number = lines.number
    while True:
        lines.row = 0
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield RowProblem(number, "", f"is no well-formed CSV ({error})")
        except _RowTooLong as error:
            yield RowProblem(number, "", str(error))
        else:
            if cells is None:
                return
            if any(cells := [cell.strip() for cell in cells]):
                yield number, cells
        number = lines.number + 1


def _columns(number: int, names: list[str]) -> Generator[RowProblem, None, list[str | None]]:
    """The full name of each column; None for an unknown and "" for an unnamed one."""
    columns: list[str | None] = []
    for name in names:
        column = COLUMNS.get(name.lower()) if name else ""
        if column is None:
            yield HeaderProblem(*_unknown(number, name))
        elif column and column in columns:
            yield HeaderProblem(number, column, "the column is given twice")
        columns.append(column)
    if "source" not in columns:
        yield HeaderProblem(
            number, "source", "the column is missing; the first line names the columns"
        )
    return columns


def _unknown(number: int, name: str) -> RowProblem:
    near = did_you_mean(name.lower(), COLUMNS)
    return RowProblem(number, shorten(ascii(name)), f"there is no such column{near}")


def _csv_row(record: _Record | RowProblem, columns: list[str | None]) -> Rows:
    if isinstance(record, RowProblem):
        yield record
        return
    number, cells = record
    if len(cells) < len(columns) or any(cells[len(columns) :]):
        yield RowProblem(number, "", f"has {len(cells)} cells, the first line has {len(columns)}")
        return
    if problem := foreign("".join(cells)):
        yield RowProblem(number, "", problem)
        return
    given = {name: _cell(name, text) for name, text in zip(columns, cells, strict=False) if text}
    if given.pop("", None):
        yield RowProblem(number, "", "has a value in a column without a name")
    yield Row(number, {name: value for name, value in given.items() if name})


def _cell(name: str | None, text: str) -> object:
    if name in _LISTS:
        return [part.strip() for part in text.split("|")]
    if name in _NUMBERS and "." not in text:
        return text.replace(",", ".")  # spreadsheets of half the world write 6,5
    return text


# --- JSON Lines ------------------------------------------------------------------------------


def _json_row(number: int, line: str) -> Rows:
    fields = _json_object(number, line)
    if isinstance(fields, RowProblem):
        yield fields
        return
    cells: dict[str, object] = {}
    for name, value in fields.items():
        column = COLUMNS.get(name)
        if column is None:
            yield _unknown(number, name)
        elif column in cells:
            yield RowProblem(number, column, "the field is given twice, once under its short name")
        elif value is not None:
            cells[column] = value
    yield Row(number, cells)


def _json_object(number: int, line: str) -> dict[str, Any] | RowProblem:
    if problem := foreign(line):
        return RowProblem(number, "", problem)
    try:
        fields = json.loads(line, object_pairs_hook=_once, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        reason = f"is no valid JSON ({error.msg}, at character {error.colno})"
        return RowProblem(number, "", reason)
    except (ValueError, RecursionError) as error:
        return RowProblem(number, "", f"is no valid JSON ({shorten(str(error))})")
    return fields if isinstance(fields, dict) else RowProblem(number, "", "is no JSON object")


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        msg = "a field is given twice"
        raise ValueError(msg)
    return fields


def _no_constant(text: str) -> object:
    msg = f"{text} is no JSON number"
    raise ValueError(msg)
