"""Commands about what a batch gives: watch, results, sheet, steward."""

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from producer.as_source import Told, Wish, write_back
from producer.batches import ReadableBatch
from producer.cli.batches import FoundArgument, open_reader
from producer.cli.options import RewriteOption, SpreadingCommand, reading_of
from producer.cli.terminal import EXIT_INPUT, JsonFlag, err, out, print_json, speaks
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
    app.command(cls=SpreadingCommand)(results)
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
    """Show a batch's progress to its end, or until all that is left waits for your decision.

    Exit status 1 if not every item is done.
    """
    with open_reader() as reader:
        status = follow(
            reader, batch, as_json=json, interval_seconds=interval, timeout_seconds=timeout
        )
    raise typer.Exit(status)


@speaks
def results(  # noqa: PLR0913 - an argument per option
    batch: FoundArgument,
    *,
    format: Annotated[  # noqa: A002 - the option's name
        Format | None,
        typer.Option(help="One JSON object a line, or CSV; by default as the file's name ends."),
    ] = None,
    output: Annotated[str, typer.Option(help="The file to write; - is standard output.")] = "-",
    as_source: Annotated[
        bool,
        typer.Option(
            "--as-source", help="Write the submitted catalogue, with the results' addresses in it."
        ),
    ] = False,
    variant: Annotated[
        int, typer.Option(min=1, help="Which variant --as-source takes of each item.")
    ] = 1,
    rewrite: RewriteOption = None,
    json: JsonFlag = False,
) -> None:
    """List what became of each item: state, result addresses, failure.

    With --as-source the very file that was submitted is written back, with the results' addresses.

    Items without a result keep their old one; --rewrite says where results are public.

    Example: restyle results shoes-1 --as-source --output shoes-new.csv
    """
    path = local_path(output)
    chosen: Format = format or ("csv" if path.suffix.lower() == ".csv" else "jsonl")
    if as_source:
        wish = Wish(variant, reading_of(None, rewrite, None, None).rewrites)
        told = _write_source(batch, wish, None if output == "-" else path)
        _tell_source(path, told, to_file=output != "-", as_json=json)
        return
    if variant != 1 or rewrite:
        err().print("--variant and --rewrite go with --as-source.")
        raise typer.Exit(EXIT_INPUT)
    with open_reader() as reader, reader.open(batch) as found, spooled(found.rows()) as spool:
        if output == "-":
            _copy_to_stdout(spool, "jsonl" if json else chosen)
            return
        with spool.file(chosen).open("rb") as source:
            write_whole(path, lambda sink: shutil.copyfileobj(source, sink))
        _tell_written(path, spool.count, as_json=json)


def _write_source(batch: str, wish: Wish, path: Path | None) -> Told:
    """Write the catalogue to a file, or to standard output once it is whole."""
    store = ObjectStore.connect(allowed=load_settings().allowed)
    with (
        tempfile.TemporaryFile() as draft,
        open_reader() as reader,
        reader.open(batch) as found,
    ):
        told = write_back(found.status.batch, found.rows(), store, wish, draft)
        draft.seek(0)
        if path is None:
            shutil.copyfileobj(draft, sys.stdout.buffer)
            sys.stdout.buffer.flush()
        else:
            write_whole(path, lambda sink: shutil.copyfileobj(draft, sink))
    return told


def _tell_source(path: Path, told: Told, *, to_file: bool, as_json: bool) -> None:
    if to_file and as_json:
        print_json({"output": str(path), "items": told.items, "without_result": told.without})
        return
    said = f"{told.items - told.without:,} of {told.items:,} items have their result in the file"
    console = out() if to_file else err()
    console.print(f"{said}{f' {path}' if to_file else ''}", markup=False)


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
        limits=settings.limits,
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
    """Run the steward: ends batches, keeps windows, runs schedules, retires old batches."""
    from producer.steward import run_steward  # Celery takes a second that no other command needs

    settings = load_settings()
    raise typer.Exit(run_steward(settings, interval_seconds=interval))
