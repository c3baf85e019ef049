"""The command recover, and how it tells what came of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from producer.cli.batches import open_board, say
from producer.cli.terminal import JsonFlag, err, print_json, speaks
from shared.settings import load_settings

if TYPE_CHECKING:
    from producer.plan import Progress
    from producer.recovery import Recovery


def register(app: typer.Typer) -> None:
    """Add the command to the `restyle` command."""
    app.command()(recover)


@speaks
def recover(
    record: Annotated[
        str,
        typer.Argument(metavar="RECORD", help="The batch's folder: s3://…/_batches/NAME/."),
    ],
    *,
    paused: Annotated[
        bool, typer.Option("--paused", help="Render nothing before `restyle resume`.")
    ] = False,
    json: JsonFlag = False,
) -> None:
    """Put a batch back on the board that Redis lost, and queue what has no result yet.

    What is done or failed comes back as it was; a batch that is on the board stays as it is.

    Example: restyle recover s3://shop/restyled/_batches/spring-2026/
    """
    from producer.recovery import recover as put_back
    from shared.dispatch import Dispatcher
    from shared.queue import Publisher, celery_app
    from shared.s3 import ObjectStore

    settings = load_settings()
    with open_board() as board, _shown_progress() as progress:
        dispatcher = Dispatcher(board, Publisher(celery_app(settings)), settings)
        store = ObjectStore.connect(allowed=settings.allowed)
        recovery = put_back(
            record, board, store, dispatch=dispatcher.step, paused=paused, progress=progress
        )
    _show(recovery, as_json=json)


@contextmanager
def _shown_progress() -> Iterator["Progress"]:
    """A line on stderr that moves, on a terminal; nothing elsewhere."""
    things = {"listed": "objects", "recovered": "items"}
    with err().status("Reading the record") as line:
        yield lambda what, count: line.update(f"{count:,} {things[what]} {what}")


def _show(recovery: "Recovery", *, as_json: bool) -> None:
    from producer.summary import counted_states, summary

    status = recovery.status
    if as_json:
        told = {"repeated": recovery.repeated, "delay": recovery.delay, "notes": recovery.notes}
        print_json(summary(status) | told)
        return
    for note in recovery.notes:
        err().print(f"note: {note}", markup=False, soft_wrap=True)
    name, counts = status.batch.batch_id, counted_states(status)
    said = "was on the board; nothing was changed" if recovery.repeated else "is back on the board"
    say(f"The batch {name} {said}: {counts} of {status.batch.total:,} items.")
    if recovery.delay:
        say(f"Workers will hear of it later: {recovery.delay}")
    waits = status.paused and status.open
    say(f"Next: restyle {'resume' if waits else 'watch'} {name}")
