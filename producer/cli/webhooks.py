"""`restyle webhooks`: what was sent to whom, what came of it, and how to send it again."""

import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from producer.cli.batches import PIPE_WIDTH, open_board, say
from producer.cli.terminal import JsonFlag, out, print_json, speaks
from shared.settings import load_settings

if TYPE_CHECKING:
    from shared.board import Delivery, Try

#: Deliveries that are listed unless told otherwise.
SHOWN_DELIVERIES = 20

webhooks_app = typer.Typer(
    no_args_is_help=True, help="Look after the events that are sent to webhooks."
)
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="The delivery's id: msg_….")]


def register(app: typer.Typer) -> None:
    """Add the commands to the `restyle` command."""
    app.add_typer(webhooks_app, name="webhooks")


@webhooks_app.command("list")
@speaks
def list_deliveries(
    *,
    failed: Annotated[
        bool, typer.Option("--failed", help="Those given up, or whose last try failed.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="Deliveries to list, the newest first.")] = (
        SHOWN_DELIVERIES
    ),
    json: JsonFlag = False,
) -> None:
    """List deliveries: an event on its way to one target; the newest 1,000 are kept."""
    with open_board() as board:
        wanted = (one for one in board.deliveries() if one.failed or not failed)
        found = list(islice(wanted, limit))
    print_json([_as_json(one) for one in found]) if json else _show_all(found)


def _as_json(one: "Delivery") -> dict[str, Any]:
    return asdict(one) | {"failed": one.failed}


def _show_all(found: Sequence["Delivery"]) -> None:
    if not found:
        say("There are no such deliveries.")
        return
    console = out()
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    console.print(_table(found))
    if any(one.failed for one in found):
        say("Next: restyle webhooks show ID, and restyle webhooks redeliver --failed")


def _table(found: Sequence["Delivery"]) -> Table:
    table = Table("Id", box=None, header_style="bold", pad_edge=False)
    table.columns[0].no_wrap = True
    for name in ("Announced", "State", "Event", "Target", "Last try"):
        table.add_column(name, overflow="fold")
    for one in found:
        last = _outcome(one.tries[0]) if one.tries else ""
        texts = (_second(one.announced_at), one.state, one.event, one.target, last)
        table.add_row(one.delivery_id, *(Text(text) for text in texts))
    return table


@webhooks_app.command("show")
@speaks
def show_delivery(delivery: IdArgument, *, json: JsonFlag = False) -> None:
    """Show one delivery: every try with what came of it, and the event's body."""
    with open_board() as board:
        found = board.delivery(delivery)
    print_json(_as_json(found)) if json else _show(found)


def _show(one: "Delivery") -> None:
    say(f"{one.delivery_id}: {one.state}, {one.event} to {one.target}")
    say(f"  announced  {_second(one.announced_at)}")
    if one.due_at:
        say(f"  next try   {_second(one.due_at)}")
    for tried in one.tries:
        at = _second(tried.at) if tried.at else ""
        say(f"  tried      {at}, {tried.milliseconds:,} ms: {_outcome(tried)}")
    say(f"  body       {one.body}")
    if one.failed:
        say(f"Next: restyle webhooks redeliver {one.delivery_id}")


def _outcome(tried: "Try") -> str:
    return tried.error or f"it answered {tried.status}"


def _second(at: datetime) -> str:
    return f"{at.astimezone():%Y-%m-%d %H:%M:%S}"


@webhooks_app.command("redeliver")
@speaks
def redeliver(
    context: typer.Context,
    delivery: Annotated[
        str | None, typer.Argument(metavar="ID", help="The delivery's id: msg_….")
    ] = None,
    *,
    failed: Annotated[
        bool, typer.Option("--failed", help="All that are given up, or whose last try failed.")
    ] = False,
    json: JsonFlag = False,
) -> None:
    """Send deliveries again, at once and with all their tries, under the same webhook-id."""
    if failed == (delivery is not None):
        context.fail("Give either a delivery's id or --failed.")
    with open_board() as board:
        if delivery is None:
            chosen = [one.delivery_id for one in board.deliveries() if one.failed]
        else:
            chosen = [delivery]
        for delivery_id in chosen:
            board.redeliver(delivery_id)
    if json:
        print_json({"redelivered": chosen})
    else:
        number = f"{len(chosen):,} {'delivery' if len(chosen) == 1 else 'deliveries'}"
        say(f"{number} will be sent by a running steward. Next: restyle webhooks list")


@webhooks_app.command("test")
@speaks
def try_target(
    url: Annotated[str, typer.Argument(metavar="URL", help="The target to be tried.")],
    *,
    json: JsonFlag = False,
) -> None:
    """Send a `restyle.test` event now, signed as all are, and say what came back.

    Exit status 1 where it was not taken. It is sent from this host; a steward's may reach others.
    """
    from producer.webhooks import Event, Post, signed_headers

    settings, now = load_settings(), datetime.now(UTC)
    event = Event("restyle.test", {"note": "Nothing happened; this is a test."}, now.isoformat())
    delivery_id, body = event.delivery_id(url), event.body()
    headers = signed_headers(settings, delivery_id, body, at=now)
    started = time.monotonic()
    status = Post.of(settings).send(url, headers, body)
    took = round(1000 * (time.monotonic() - started))
    if json:
        print_json({"webhook_id": delivery_id, "status": status, "milliseconds": took})
    else:
        say(f"{url} answered {status} within {took:,} ms to {delivery_id}.")


@webhooks_app.command("secret")
@speaks
def make_secret(*, json: JsonFlag = False) -> None:
    """Print a new random secret: for RESTYLE_WEBHOOK_SECRET, and for the receiver."""
    from producer.webhooks import new_secret

    secret = new_secret()
    print_json({"secret": secret}) if json else say(secret)
