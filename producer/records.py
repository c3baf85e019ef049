"""Records: the records of a CSV file, each with its cells and its text as it stands in the file."""

import csv
import itertools
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from producer.lines import MAX_ROW, Lines, RowTooLong
from producer.problems import RowProblem
from shared.errors import ManifestUnreadable

#: Between the cells of a CSV; the first of them in doubt.
DELIMITERS = (",", ";", "\t")


class Record(NamedTuple):
    """A record of a CSV file."""

    #: The line, from 1, that it starts on.
    number: int
    #: Its lines, with what ends them and with empty ones before it.
    text: str
    #: Without the spaces around them.
    cells: list[str]


class Records:
    """The records of a CSV file, in one pass; those without a value come without cells."""

    def __init__(self, lines: Lines, name: str, is_known: Callable[[str], bool]) -> None:
        """Find the delimiter.

        Args:
            lines: Of the file.
            name: Of the file, for errors.
            is_known: Whether a name, as `plain_name` has it, may be one of a column.

        Raises:
            ManifestUnreadable: The file is no text, or its first line has no end.
        """
        self._lines = lines
        header = _header(lines, name)
        #: What parts the cells: under it the most names of columns are known.
        self.delimiter = max(DELIMITERS, key=lambda sign: _known(header, sign, is_known))
        csv.field_size_limit(MAX_ROW)  # else a cell of 131,073 characters is an error
        self._reader = csv.reader(
            itertools.chain([header], lines),
            delimiter=self.delimiter,
            strict=True,
            skipinitialspace=True,
        )
        self._number = lines.number

    def __iter__(self) -> Iterator[Record | RowProblem]:
        return self

    def __next__(self) -> Record | RowProblem:
        number = self._number
        found = self._next(number)
        self._number = self._lines.number + 1
        self._lines.begin_row()
        return found

    def _next(self, number: int) -> Record | RowProblem:
        try:
            cells = [cell.strip() for cell in next(self._reader)]
        except csv.Error as error:
            return RowProblem(number, "", f"is no well-formed CSV ({error})")
        except RowTooLong as error:
            return RowProblem(number, "", str(error))
        return Record(number, self._lines.row, cells if any(cells) else [])


def plain_name(name: str) -> str:
    """A column's name as people mean it: `Image_Link` is `image link`."""
    return re.sub("[ _]+", " ", name.strip(' "\r\n\t')).lower()


def _header(lines: Lines, name: str) -> str:
    """The first line that is not blank."""
    try:
        return next((line for line in lines if line.strip()), "")
    except RowTooLong as error:
        raise ManifestUnreadable(manifest=name, reason=f"its first line {error}") from error


def _known(header: str, delimiter: str, is_known: Callable[[str], bool]) -> int:
    return sum(is_known(plain_name(name)) for name in header.split(delimiter))
