"""What every command that reads a manifest shows of it: how far it is, and its wrong rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from rich.table import Table
from rich.text import Text

from producer.cli.options import say_columns
from producer.cli.terminal import err
from shared.errors import ManifestInvalid

if TYPE_CHECKING:
    from producer.plan import Progress


@contextmanager
def shown_progress() -> Iterator["Progress"]:
    """A line on stderr that moves, on a terminal; nothing elsewhere."""
    with err().status("Reading the manifest") as line:
        yield lambda what, rows: line.update(f"{rows:,} rows {what}")


@contextmanager
def rows_told(*, as_json: bool) -> Iterator[None]:
    """Wrong rows in a table, for people.

    Raises:
        ManifestInvalid: The manifest has such rows; the error says no more than the table did.
    """
    try:
        yield
    except ManifestInvalid as error:
        _show_taken(error)
        if as_json:
            raise
        _show_problems(error)
        # The table has said it row by row.
        told = {"reason": "see the rows above", "problems": []}
        raise ManifestInvalid(**(error.facts | told)) from error


def _show_taken(error: ManifestInvalid) -> None:
    from producer.catalogues import Recognised

    taken = cast("dict[str, Any] | None", error.facts.get("catalogue"))
    say_columns(Recognised(**taken) if taken else None)


def _show_problems(error: ManifestInvalid) -> None:
    from producer.problems import RowProblem, shared_problems

    table = Table("Row", "Column", "Problem", box=None, header_style="bold")
    problems = cast("list[dict[str, Any]]", error.facts["problems"])
    for told in shared_problems(RowProblem(**problem) for problem in problems):
        table.add_row(Text(told.places), Text(told.column), Text(told.message))
    err().print(table)
