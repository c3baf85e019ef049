"""Commands that show submitted batches: status, items."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from producer.cli.terminal import JsonFlag, err, out, print_json, speaks
from shared.plain_text import printable
from shared.settings import load_settings
from shared.states import ItemState
from shared.wording import counted

if TYPE_CHECKING:
    from producer.batches import BatchReader, ReadableBatch
    from shared.board import RetiredBatch, StatusBoard
    from shared.jobs import BatchStatus, Held, Item

#: Columns away from a terminal: whoever greps finds an id whole on its line.
PIPE_WIDTH = 300
#: Items that `restyle items` prints for people unless told otherwise.
SHOWN_ITEMS = 50

BatchArgument = Annotated[str, typer.Argument(metavar="BATCH", help="The batch's id.")]
#: Of commands that only read, and so take batches that have left the board.
FoundArgument = Annotated[
    str,
    typer.Argument(metavar="BATCH", help="The batch's id, or its folder s3://…/_batches/NAME/."),
]


def register(app: typer.Typer) -> None:
    """Add the commands to the `restyle` command."""
    for command in (status, items):
        app.command()(command)


@contextmanager
def open_board() -> Iterator["StatusBoard"]:
    """The board that the settings name, for the time of one command."""
    from shared.board import StatusBoard  # redis takes a moment that --help does not need

    with closing(StatusBoard.connect(load_settings())) as board:
        yield board


@contextmanager
def open_reader() -> Iterator["BatchReader"]:
    """The reader of batches, on the board and in S3, for the time of one command."""
    from producer.batches import BatchReader
    from shared.s3 import ObjectStore

    with open_board() as board:
        yield BatchReader(board, lambda: ObjectStore.connect(allowed=load_settings().allowed))


def say(sentence: str) -> None:
    """Print a sentence of the command's answer, as long as it is."""
    out().print(printable(sentence), markup=False, soft_wrap=True)


@speaks
def status(
    batch: Annotated[
        str | None,
        typer.Argument(
            metavar="[BATCH]",
            help="The batch's id, or its folder s3://…/_batches/NAME/; without it, a list.",
        ),
    ] = None,
    *,
    limit: Annotated[int, typer.Option(min=1, help="Batches to list, the newest first.")] = 20,
    replays: Annotated[
        bool, typer.Option("--replays", help="List replays and renderings too.")
    ] = False,
    archived: Annotated[
        bool, typer.Option("--archived", help="Then list as many that have left the board.")
    ] = False,
    json: JsonFlag = False,
) -> None:
    """Show how a batch stands or had ended, or list the newest batches.

    Examples: restyle status · restyle status spring-2026 --json
    """
    if batch is not None:
        _status_of(batch, as_json=json)
        return
    with open_board() as board:
        batches = board.batches(limit, replays=replays)
        retired = board.retired(limit) if archived else []
    if json:
        from producer.summary import summary

        print_json([summary(one) for one in batches] + [_retired_facts(one) for one in retired])
        return
    _show_batches(batches)
    if archived:
        _show_retired(retired)


def _status_of(batch: str, *, as_json: bool) -> None:
    from producer.summary import summary

    with open_reader() as reader, reader.open(batch) as found:
        # Its children are told by the board alone, which it may have left.
        name = found.status.batch.batch_id
        children = None if found.record else reader.board.children(name)
        told = {
            "archived": str(found.record) if found.record else None,
            "parent": found.status.batch.parent,
            "children": children,
        }
        if as_json:
            print_json(summary(found.status) | told)
        else:
            _show_batch(found, children or ())


def _retired_facts(one: "RetiredBatch") -> dict[str, object]:
    facts = {"output": one.output, "ended_at": one.ended_at.isoformat()}
    return {"batch": one.batch_id, "phase": "archived", **facts, "archived": str(one.record)}


def _show_retired(retired: list["RetiredBatch"]) -> None:
    if not retired:
        say("No batch has left the board yet.")
        return
    for one in retired:
        say(f"{one.batch_id}: archived, ended {_moment(one.ended_at)}, {one.record}")


def _show_batches(batches: list["BatchStatus"]) -> None:
    if not batches:
        say("There are no batches. Next: restyle submit --help")
        return
    console = out()
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    console.print(batches_table(batches))


def batches_table(batches: list["BatchStatus"]) -> Table:
    """A line per batch; a long id is folded, so that the counts are always seen."""
    from producer.summary import phase

    table = Table("Batch", box=None, header_style="bold")
    table.columns[0].overflow = "fold"
    for name in ("Phase", "Submitted"):
        table.add_column(name, no_wrap=True)
    for name in ("Done", "Held", "Unchanged", "Failed", "Total"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in batches:
        shown = (ItemState.DONE, ItemState.HELD, ItemState.UNCHANGED, ItemState.FAILED)
        numbers = (*(one.counts[state] for state in shown), one.batch.total)
        texts = (one.batch.batch_id, phase(one), _moment(one.batch.submitted_at))
        table.add_row(*texts, *(f"{number:,}" for number in numbers))
    return table


def _show_batch(found: "ReadableBatch", children: Collection[str]) -> None:
    from producer.cli.brakes import brakes_told
    from producer.summary import counted_states, halt, phase

    one, batch = found.status, found.status.batch
    say(f"{batch.batch_id}: {phase(one)}, {counted_states(one)} of {batch.total:,} items")
    say(f"  style      {batch.style.name} ({batch.style.digest[:12]})")
    say(f"  lane       {batch.lane}, priority {batch.priority}")
    say(f"  submitted  {_moment(batch.submitted_at)}")
    say(f"  results    {batch.output}")
    _show_kin(batch.parent, children)
    if found.record:
        say(f"  archived   {found.record}")
    for line in brakes_told(batch.brakes, batch.window):
        say(f"  stops      {line}")
    if one.device_seconds:
        say(f"  device     {counted(round(one.device_seconds), 'second')}")
    if why := halt(one):
        say(f"  waits      {why}")
    if waiting := one.counts[ItemState.HELD] - one.publishing:
        verb = "waits" if waiting == 1 else "wait"
        say(f"  review     {counted(waiting, 'item')} {verb} for a person")
        say(f"Next: restyle items {batch.batch_id} --state held")
    if one.counts[ItemState.FAILED]:
        say(f"Next: restyle items {found.record or batch.batch_id} --state failed")


def _show_kin(parent: str | None, children: Collection[str]) -> None:
    if parent:
        say(f"  parent     {parent}, whose items it renders again")
    for child in children:
        say(f"  child      {child} renders items again")


def _moment(time: datetime) -> str:
    return f"{time.astimezone():%Y-%m-%d %H:%M}"


# --- items -----------------------------------------------------------------------------------


@speaks
def items(
    batch: FoundArgument,
    *,
    state: Annotated[ItemState | None, typer.Option(help="Only items in this state.")] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, help=f"Most items; by default {SHOWN_ITEMS}, and all with --json."),
    ] = None,
    json: JsonFlag = False,
) -> None:
    """List a batch's items in manifest order, each failure with its reason and what to do.

    With --json one object a line, as they come. Example: restyle items spring-2026 --state failed
    """
    with open_reader() as reader, reader.open(batch) as found:
        if json:
            for item in islice(found.items(state), limit):
                # Of an archived item only what is told: a zero would be a lie.
                print_json(item.model_dump(mode="json", exclude_unset=found.record is not None))
            return
        shown, record = _show_items(found.items(state), limit or SHOWN_ITEMS), found.record
    if not shown:
        err().print(f"No item of the batch {batch} is {state or 'there'}.", markup=False)
    if ItemState.HELD in shown:
        say(f"Then: restyle approve {batch} ITEM, or restyle reject {batch} ITEM")
    if ItemState.FAILED in shown:
        say(f"Then: restyle recover {record}" if record else f"Then: restyle retry {batch}")


def _show_items(found: Iterable["Item"], limit: int) -> set[ItemState]:
    """Show items up to a limit; returns their states."""
    states: set[ItemState] = set()
    for count, item in enumerate(found):
        if count == limit:
            say(f"These are the first {limit:,}; --limit shows more.")
            break
        _show_item(item)
        states.add(item.state)
    return states


def _show_item(item: "Item") -> None:
    say(f"{item.state:<9}  #{item.spec.number}  {item.spec.external_id}  {item.spec.source}")
    if item.failure:
        say(f"    {item.failure.code}: {item.failure.message}")
        say(f"    → {item.failure.hint}")
    if item.held:
        say(f"    {_review(item, item.held)}")
    result = item.result or (item.held.result if item.held else None)
    for variant in result.variants if result else ():
        say(f"    {variant}")


def _review(item: "Item", held: "Held") -> str:
    """What waits and what the gate says of it, or who rejected it."""
    if item.state is ItemState.REJECTED:
        return f"{held.stage} rejected by {item.decided_by}: {item.reason}"
    if item.approved:
        standing = f"not published yet: {item.note}" if item.note else "it is being published"
        return f"{held.stage} approved by {item.decided_by}; {standing}"
    if held.gate is None:
        return f"{held.stage} waits"
    said = ", ".join((f"score {held.gate.score:.2f}", *held.gate.reasons))
    return f"{held.stage} waits: {said}"
