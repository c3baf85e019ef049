"""`restyle dead`: what workers took from the queue and could not read."""

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from producer.cli.batches import PIPE_WIDTH, open_board, say
from producer.cli.terminal import JsonFlag, out, print_json, speaks
from shared.wording import counted

if TYPE_CHECKING:
    from shared.board import DeadMessage

#: Messages that are listed unless told otherwise.
SHOWN_MESSAGES = 20


def register(app: typer.Typer) -> None:
    """Add the command to the `restyle` command."""
    app.command()(dead)


@speaks
def dead(
    *,
    limit: Annotated[int, typer.Option(min=1, help="Messages to list, the newest first.")] = (
        SHOWN_MESSAGES
    ),
    clear: Annotated[bool, typer.Option("--clear", help="Forget them all.")] = False,
    json: JsonFlag = False,
) -> None:
    """List messages in the queue that no worker could read; the newest 1,000 are kept.

    Nothing is lost by them: an item that waits is named by another message. They come from
    another release, or from somebody who should not write to this Redis.
    """
    with open_board() as board:
        if clear:
            count = board.clear_dead()
            print_json({"cleared": count}) if json else say(f"{counted(count, 'message')} cleared.")
            return
        found = board.dead_messages(limit)
    print_json([asdict(one) for one in found]) if json else _show(found)


def _show(found: list["DeadMessage"]) -> None:
    if not found:
        say("No message was set aside.")
        return
    console = out()
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    console.print(_table(found))
    say("Next: restyle dead --clear")


def _table(found: list["DeadMessage"]) -> Table:
    table = Table("When", box=None, header_style="bold", pad_edge=False)
    for name in ("Where", "Reason", "Body"):
        table.add_column(name, overflow="fold")
    for one in found:
        # As text: square brackets are no mark-up here.
        table.add_row(_second(one.at), *(Text(part) for part in (one.where, one.reason, one.body)))
    return table


def _second(at: datetime | None) -> str:
    return f"{at.astimezone():%Y-%m-%d %H:%M:%S}" if at else ""
