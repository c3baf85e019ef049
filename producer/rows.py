"""Rows: the rows of our own CSV and JSON Lines, each with the number an editor shows.

A row that cannot be taken apart becomes a `RowProblem` and the reading goes on, so that one look
names everything that is wrong with a file. Whether a value is right is the manifest's business.
"""

import json
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any, get_origin

from producer.lines import foreign
from producer.problems import HeaderProblem, RowProblem
from producer.records import Record
from shared.styles import ALIASES, OVERRIDABLE, Style
from shared.wording import did_you_mean, shorten

#: Columns that say which picture a row means; all others override the style.
IDENTITY = ("source", "external_id", "mask", "etag", "size")
#: Every name that a column may have → the name it stands for; `mask` is the supplied mask.
COLUMNS: dict[str, str] = ALIASES | {name: name for name in (*IDENTITY, *sorted(OVERRIDABLE))}

#: What a CSV says that neither is ours nor was recognised.
NO_SOURCE = (
    "the column is missing; the first line names the columns, or --map image=COLUMN says which "
    "one holds the addresses"
)

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


def own_columns(header: Record) -> Generator[RowProblem, None, list[str | None]]:
    """The full name of each column; None for an unknown and "" for an unnamed one."""
    number = header.number
    columns: list[str | None] = []
    if not any(COLUMNS.get(name.lower()) == "source" for name in header.cells):
        yield HeaderProblem(number, "source", NO_SOURCE)
    for name in header.cells:
        column = COLUMNS.get(name.lower()) if name else ""
        if column is None:
            yield HeaderProblem(*_unknown(number, name))
        elif column and column in columns:
            yield HeaderProblem(number, column, "the column is given twice")
        columns.append(column)
    return columns


def _unknown(number: int, name: str) -> RowProblem:
    near = did_you_mean(name.lower(), COLUMNS)
    return RowProblem(number, shorten(ascii(name)), f"there is no such column{near}")


def own_row(record: Record, columns: list[str | None]) -> Rows:
    """The row of a record; spaces around a cell are dropped, an empty cell is not given.

    `|` separates the members of a list. Other values stay text: the style reads numbers from text.
    """
    number, cells = record.number, record.cells
    if problem := miscounted(record, len(columns)) or foreign("".join(cells)):
        yield RowProblem(number, "", problem)
        return
    given = {name: _cell(name, text) for name, text in zip(columns, cells, strict=False) if text}
    if given.pop("", None):
        yield RowProblem(number, "", "has a value in a column without a name")
    yield Row(number, {name: value for name, value in given.items() if name})


def miscounted(record: Record, columns: int) -> str:
    """What is wrong with a record's number of cells, as a clause; empty where nothing is."""
    cells = record.cells
    if len(cells) < columns or any(cells[columns:]):
        return f"has {len(cells)} cells, the first line has {columns}"
    return ""


def _cell(name: str | None, text: str) -> object:
    if name in _LISTS:
        return [part.strip() for part in text.split("|")]
    if name in _NUMBERS and "." not in text:
        return text.replace(",", ".")  # spreadsheets of half the world write 6,5
    return text


# --- JSON Lines ------------------------------------------------------------------------------


def own_object(number: int, fields: dict[str, Any]) -> Rows:
    """The row of a JSON object; `null` is not given."""
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


def json_object(number: int, line: str) -> dict[str, Any] | RowProblem:
    """The object on a line, or what is wrong with the line."""
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
