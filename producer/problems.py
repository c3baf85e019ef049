"""RowProblem: one thing that is wrong with one row; equal problems of many rows are told once."""

from collections.abc import Iterable
from typing import NamedTuple

#: Rows of one problem that are named; the others are counted.
NAMED_ROWS = 3


class RowProblem(NamedTuple):
    """One thing that is wrong with one row."""

    #: The line, from 1, that the row starts on.
    row: int
    #: The column at fault; empty where the whole row is.
    column: str
    message: str


class HeaderProblem(RowProblem):
    """One thing that is wrong with the line that names the columns."""

    __slots__ = ()


class Shared(NamedTuple):
    """One thing that is wrong with one row or with many."""

    rows: list[int]
    column: str
    message: str

    @property
    def places(self) -> str:
        """`7`, or `3, 7, 9 and 120 more`."""
        named = ", ".join(str(row) for row in self.rows[:NAMED_ROWS])
        rest = len(self.rows) - NAMED_ROWS
        return f"{named} and {rest:,} more" if rest > 0 else named

    def __str__(self) -> str:
        place = f"{'row' if len(self.rows) == 1 else 'rows'} {self.places}"
        return (
            f"{place}, {self.column}: {self.message}"
            if self.column
            else (f"{place}: {self.message}")
        )


def shared_problems(problems: Iterable[RowProblem]) -> list[Shared]:
    """The distinct problems in the order of their first rows, each with all of its rows."""
    rows: dict[tuple[str, str], list[int]] = {}
    for problem in problems:
        rows.setdefault((problem.column, problem.message), []).append(problem.row)
    return [Shared(numbers, *what) for what, numbers in rows.items()]
