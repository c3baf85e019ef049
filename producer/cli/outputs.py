"""Commands about what a batch gives: watch, results, sheet, steward."""

import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from producer.batches import ReadableBatch
from producer.cli.batches import FoundArgument, open_reader
from producer.cli.terminal import JsonFlag, err, out, print_json, speaks
from producer.cli.watching import follow
from producer.files import local_path, write_whole
from producer.results import Format, Spool, spooled
from producer.sheet.cards import SHOWN_STATES, Selection, Sheet, collect
from producer.sheet.files import stem_of, write_sheet
from shared.s3 import ObjectStore
from shared.settings import load_settings
from shared.states import ItemState


def register(app: typer.Typer) -> None:
    """Add the commands to the `restyle` command."""
    app.command()(watch)
    app.command()(results)
    app.command()(sheet)
    app.command()(steward)


@speaks
def watch(
    batch: FoundArgument,
    *,
    json: JsonFlag = False,
    interval: Annotated[
        float, typer.Option(min=0.05, help="Seconds between two looks at the board.")
    ] = 0.5,
    timeout: Annotated[
        float | None, typer.Option(min=0, help="Stop watching after so many seconds.")
    ] = None,
) -> None:
    """Show a batch's progress until no item is open; exit status 1 if not every item is done."""
    with open_reader() as reader:
        status = follow(
            reader, batch, as_json=json, interval_seconds=interval, timeout_seconds=timeout
        )
    raise typer.Exit(status)


@speaks
def results(
    batch: FoundArgument,
    *,
    format: Annotated[Format, typer.Option(help="One JSON object a line, or CSV.")] = "jsonl",  # noqa: A002 - the option's name
    output: Annotated[str, typer.Option(help="The file to write; - is standard output.")] = "-",
    json: JsonFlag = False,
) -> None:
    """List what became of each item: state, result addresses, failure."""
    path = local_path(output)
    with open_reader() as reader, reader.open(batch) as found, spooled(found.rows()) as spool:
        if output == "-":
            _copy_to_stdout(spool, "jsonl" if json else format)
            return
        with spool.file(format).open("rb") as source:
            write_whole(path, lambda sink: shutil.copyfileobj(source, sink))
        _tell_written(path, spool.count, as_json=json)


def _copy_to_stdout(spool: Spool, format: Format) -> None:  # noqa: A002 - as above
    with spool.file(format).open("rb") as source:
        shutil.copyfileobj(source, sys.stdout.buffer)
    sys.stdout.buffer.flush()


def _tell_written(path: Path, count: int, *, as_json: bool) -> None:
    if as_json:
        print_json({"output": str(path), "items": count})
    else:
        out().print(f"{count:,} items written to {path}", markup=False)


@speaks
def sheet(
    batch: FoundArgument,
    *,
    output: Annotated[
        str, typer.Option(help="A folder (a new one ends in /), or the files' path.")
    ] = "",
    state: Annotated[
        list[ItemState] | None, typer.Option(help="Show items in this state; can be repeated.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Most items of each state.")] = 200,
    columns: Annotated[
        int | None, typer.Option(min=1, max=12, help="Items per line of the PNG.")
    ] = None,
    json: JsonFlag = False,
) -> None:
    """Make a contact sheet (source, mask, variants side by side) as PNG and as one HTML file."""
    # Of an address the folder's name, which is the batch's id.
    settings, stem = load_settings(), stem_of(output, batch.rstrip("/").rpartition("/")[2])
    selection = Selection(
        states=tuple(state) if state else SHOWN_STATES,
        limit=limit,
        max_bytes=settings.max_image_bytes,
        max_pixels=settings.max_image_pixels,
    )
    with open_reader() as reader, reader.open(batch) as found:
        made = _collect(found, ObjectStore.connect(allowed=settings.allowed), selection)
    paths = write_sheet(made, stem, columns=columns)
    if json:
        print_json({"files": [str(path) for path in paths], "items": len(made.cards)})
        return
    for path in paths:
        out().print(str(path), markup=False, soft_wrap=True)


def _collect(found: ReadableBatch, store: ObjectStore, selection: Selection) -> Sheet:
    pieces = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = err()
    with Progress(*pieces, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("Fetching pictures", total=None)

        def show(made: int, total: int) -> None:
            bar.update(task, completed=made, total=total)

        return collect(found, store, selection, on_card=show)


@speaks
def steward(
    *,
    interval: Annotated[float, typer.Option(min=0.1, help="Seconds between two beats.")] = 5.0,
) -> None:
    """Run the steward, which ends batches (writes their results) and retires old ones."""
    from producer.steward import run_steward  # Celery takes a second that no other command needs

    settings = load_settings()
    raise typer.Exit(run_steward(settings, interval_seconds=interval))
