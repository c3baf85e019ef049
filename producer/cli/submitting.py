"""The command submit, and how it tells what came of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer
from rich.table import Table
from rich.text import Text

from producer.cli.batches import counted, open_board, open_reader, say
from producer.cli.options import ManifestOption, OutputOption, StyleOption
from producer.cli.terminal import JsonFlag, err, print_json, speaks
from shared.errors import ManifestInvalid, OutputMissing
from shared.settings import Settings, cache_path, load_settings

if TYPE_CHECKING:
    from producer.submit import Progress, Receipt, Submission

Lane = Literal["urgent", "standard", "bulk"]


def register(app: typer.Typer) -> None:
    """Add the command to the `restyle` command."""
    app.command()(submit)


@speaks
def submit(  # noqa: PLR0913 - an argument per option
    *,
    manifest: ManifestOption,
    style: StyleOption,
    output: OutputOption = None,
    batch_id: Annotated[
        str | None, typer.Option(help="Id of the batch; repeating a submission under it is safe.")
    ] = None,
    lane: Annotated[Lane, typer.Option(help="Urgent batches go first, bulk ones last.")] = (
        "standard"
    ),
    priority: Annotated[
        int, typer.Option(min=0, max=9, help="Share among the batches of one lane.")
    ] = 4,
    watch: Annotated[bool, typer.Option("--watch", help="Stay and show the progress.")] = False,
    json: JsonFlag = False,
) -> None:
    """Queue every image of a manifest under a style, after checking all of it.

    Example: restyle submit --manifest shoes.csv --style spring.yaml --output s3://shop/restyled/
    """
    from producer.submit import Submission

    settings = load_settings()
    target = output or settings.output
    if target is None:
        raise OutputMissing
    request = Submission(manifest, style, target, batch_id, lane, priority)
    receipt = _submitted(request, settings, as_json=json)
    _show_receipt(receipt, as_json=json)
    _show_ignored(request, receipt)
    if watch:
        _follow(receipt.status.batch.batch_id, as_json=json)


def _submitted(request: "Submission", settings: Settings, *, as_json: bool) -> "Receipt":
    from producer.submit import submit as place
    from shared.dispatch import Dispatcher
    from shared.queue import Publisher, celery_app
    from shared.s3 import ObjectStore

    with open_board() as board, _shown_progress() as progress:
        dispatcher = Dispatcher(board, Publisher(celery_app(settings)), settings)
        store = ObjectStore.connect(allowed=settings.allowed)
        try:
            return place(
                request,
                board,
                store,
                dispatch=dispatcher.step,
                cache=cache_path(),
                progress=progress,
            )
        except ManifestInvalid as error:
            if as_json:
                raise
            _show_problems(error)
            # The table has said it row by row.
            told = {"reason": "see the rows above", "problems": []}
            raise ManifestInvalid(**(error.facts | told)) from error


@contextmanager
def _shown_progress() -> Iterator["Progress"]:
    """A line on stderr that moves, on a terminal; nothing elsewhere."""
    with err().status("Reading the manifest") as line:
        yield lambda what, rows: line.update(f"{rows:,} rows {what}")


def _show_problems(error: ManifestInvalid) -> None:
    from producer.problems import RowProblem, shared_problems

    table = Table("Row", "Column", "Problem", box=None, header_style="bold")
    problems = cast("list[dict[str, Any]]", error.facts["problems"])
    for told in shared_problems(RowProblem(**problem) for problem in problems):
        table.add_row(Text(told.places), Text(told.column), Text(told.message))
    err().print(table)


def _show_receipt(receipt: "Receipt", *, as_json: bool) -> None:
    from producer.summary import summary

    batch = receipt.status.batch
    if as_json:
        row_notes = [
            {"note": note.note.clause, "count": note.count, "items": note.items}
            for note in receipt.row_notes
        ]
        told = {"repeated": receipt.repeated, "delay": receipt.delay, "notes": receipt.notes}
        print_json(summary(receipt.status) | told | {"row_notes": row_notes})
        return
    for note in (*receipt.notes, *receipt.row_notes):
        err().print(f"note: {note}", markup=False, soft_wrap=True)
    said = "was already submitted" if receipt.repeated else "is submitted"
    say(f"The batch {batch.batch_id} {said}: {counted(batch.total, 'item')}, {batch.lane} lane.")
    if receipt.delay:
        say(f"Workers will hear of it later: {receipt.delay}")
    say(f"Next: restyle watch {batch.batch_id}")


def _show_ignored(request: "Submission", receipt: "Receipt") -> None:
    batch = receipt.status.batch
    if receipt.repeated and (request.lane, request.priority) != (batch.lane, batch.priority):
        kept = f"lane {batch.lane} and priority {batch.priority}"
        err().print(f"The batch keeps {kept}; a repeated submission changes nothing.", markup=False)


def _follow(batch_id: str, *, as_json: bool) -> None:
    from producer.cli.watching import follow

    with open_reader() as reader:
        code = follow(reader, batch_id, as_json=as_json, interval_seconds=0.5, timeout_seconds=None)
    raise typer.Exit(code)
