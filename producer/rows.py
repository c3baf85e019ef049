"""Rows: the lines of a CSV or JSONL file taken apart, each with the number an editor shows.

A row that cannot be taken apart becomes a `RowProblem` and the reading goes on, so that one look
names everything that is wrong with a file. Whether a value is right is the manifest's business.
"""

import csv
import itertools
import json
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TextIO, get_origin

from shared.errors import ManifestUnreadable
from shared.styles import ALIASES, OVERRIDABLE, Style
from shared.wording import did_you_mean, shorten

#: A longer line is no row of a manifest but another kind of file; in characters.
MAX_LINE = 1_000_000
#: Columns that say which picture a row means; all others override the style.
IDENTITY = ("source", "external_id", "mask", "etag", "size")
#: Every name that a column may have → the name it stands for; `mask` is the supplied mask.
COLUMNS: dict[str, str] = ALIASES | {name: name for name in (*IDENTITY, *sorted(OVERRIDABLE))}

_LISTS = {
    name for name, field in Style.model_fields.items() if get_origin(field.annotation) is tuple
}
_NUMBERS = {name for name, field in Style.model_fields.items() if field.annotation is float}


class RowProblem(NamedTuple):
    """One thing that is wrong with one row."""

    #: The line, from 1, that the row starts on.
    row: int
    #: The column at fault; empty where the whole row is.
    column: str
    message: str

    def __str__(self) -> str:
        place = f"row {self.row}, {self.column}" if self.column else f"row {self.row}"
        return f"{place}: {self.message}"


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
        ManifestUnreadable: The file is no UTF-8 text.
    """
    lines = _lines(stream, name)
    blank, header = _first_line(lines)
    records = _records(itertools.chain([header], lines), _delimiter(header), above=blank)
    first = next(records, None)
    if first is None or isinstance(first, RowProblem):
        yield from [first] if first else []
        return
    columns = yield from _columns(*first)
    if "source" in columns:
        for record in records:
            yield from _csv_row(record, columns)


def jsonl_rows(stream: TextIO, name: str) -> Rows:
    """Rows of a JSON Lines file (from `open_text`): an object a line; `null` is not given.

    Raises:
        ManifestUnreadable: The file is no UTF-8 text.
    """
    for number, line in enumerate(_lines(stream, name), 1):
        if line.strip():
            yield from _json_row(number, line)


def open_text(path: Path) -> TextIO:
    """A UTF-8 file whose foreign bytes become lone surrogates, so that each row can be named."""
    return path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")


def _lines(stream: TextIO, name: str) -> Iterator[str]:
    for number in itertools.count(1):
        line = stream.readline(MAX_LINE)
        if not line:
            return
        if len(line) == MAX_LINE:
            raise ManifestUnreadable(manifest=name, reason=f"line {number} has no end")
        if number == 1 and not is_unicode(line):
            raise ManifestUnreadable(manifest=name, reason="it is no UTF-8 text")
        yield line


def is_unicode(text: str) -> bool:
    """Whether the text has no lone surrogates, and so can be written as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


# --- CSV -------------------------------------------------------------------------------------

_Record = tuple[int, list[str]]


def _first_line(lines: Iterator[str]) -> tuple[int, str]:
    """How many blank lines stand above the first other one, and that one."""
    for blank, line in enumerate(lines):
        if line.strip():
            return blank, line
    return 0, ""


def _delimiter(header: str) -> str:
    """The delimiter under which the header has the most known columns; comma in doubt."""

    def known(delimiter: str) -> int:
        return sum(name.strip(' "\r\n').lower() in COLUMNS for name in header.split(delimiter))

    return max((",", ";", "\t"), key=known)


def _records(lines: Iterable[str], delimiter: str, above: int) -> Iterator[_Record | RowProblem]:
    reader = csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=True)
    while True:
        number = above + reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield RowProblem(number, "", f"is no well-formed CSV ({error})")
            continue
        if cells is None:
            return
        if any(cells := [cell.strip() for cell in cells]):
            yield number, cells


def _columns(number: int, names: list[str]) -> Generator[RowProblem, None, list[str | None]]:
    """The full name of each column; None for an unknown and "" for an unnamed one."""
    columns: list[str | None] = []
    for name in names:
        column = COLUMNS.get(name.lower()) if name else ""
        if column is None:
            yield _unknown(number, name)
        elif column and column in columns:
            yield RowProblem(number, column, "the column is given twice")
        columns.append(column)
    if "source" not in columns:
        yield RowProblem(
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
    if not is_unicode("".join(cells)):
        yield RowProblem(number, "", "is no UTF-8 text")
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
    if not is_unicode(line):
        return RowProblem(number, "", "is no UTF-8 text")
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
