"""Commands that steer a submitted batch: cancel, retry, pause, resume, promote."""

from typing import Annotated

import typer

from producer.cli.batches import BatchArgument, open_board, say
from producer.cli.terminal import JsonFlag, print_json, speaks
from shared.wording import counted


def register(app: typer.Typer) -> None:
    """Add the commands to the `restyle` command."""
    for command in (cancel, retry, pause, resume, promote):
        app.command()(command)


@speaks
def cancel(batch: BatchArgument, *, json: JsonFlag = False) -> None:
    """Cancel a batch: waiting items at once, running ones between two steps."""
    with open_board() as board:
        count = board.cancel(batch)
    none = f"The batch {batch} has no open item; nothing was cancelled."
    _tell(
        batch,
        {"cancelled": count},
        f"{counted(count, 'item')} cancelled." if count else none,
        as_json=json,
    )


@speaks
def retry(
    batch: BatchArgument,
    *,
    code: Annotated[
        list[str] | None,
        typer.Option(help="Only failures of this code; can be repeated."),
    ] = None,
    item: Annotated[
        list[str] | None,
        typer.Option(help="Only this item, by external id or #number; can be repeated."),
    ] = None,
    json: JsonFlag = False,
) -> None:
    """Queue a batch's failed items again, for the sources as they are now.

    Example: restyle retry spring-2026 --code object_missing --code storage_unavailable
    """
    from producer.control import retry as queue_again

    with open_board() as board:
        count = queue_again(board, batch, items=item or (), codes=code or ())
    none = f"No failed item of the batch {batch} answers to this; nothing was queued."
    said = f"{counted(count, 'item')} queued again." if count else none
    _tell(batch, {"queued": count}, said, as_json=json)


@speaks
def pause(batch: BatchArgument, *, json: JsonFlag = False) -> None:
    """Stop giving a batch's items to workers; running ones go on to their end."""
    from producer.control import pause as halt

    with open_board() as board:
        goes_on = halt(board, batch)
    paused = f"The batch {batch} is paused. Next: restyle resume {batch}"
    ended = f"The batch {batch} has ended; there is nothing to pause."
    _tell(batch, {"paused": goes_on}, paused if goes_on else ended, as_json=json)


@speaks
def resume(batch: BatchArgument, *, json: JsonFlag = False) -> None:
    """Go on with a paused batch."""
    from producer.control import resume as go_on
    from producer.summary import halt

    with open_board() as board:
        goes_on = go_on(board, batch)
        why = halt(board.status(batch))
    ended = f"The batch {batch} has ended; there is nothing to resume."
    going = f"The batch {batch} waits: {why}" if why else f"The batch {batch} goes on."
    sentence = going if goes_on else ended
    _tell(batch, {"paused": False}, sentence, as_json=json)


@speaks
def promote(batch: BatchArgument, *, json: JsonFlag = False) -> None:
    """Let the rest of a batch follow its pilot."""
    with open_board() as board:
        early = board.status(batch).pause_reason != "pilot"
        promoted = board.promote(batch)
    none = f"The batch {batch} has no pilot that waits."
    over = " Its pilot was not over." if early else ""
    said = f"The rest of the batch {batch} follows.{over}" if promoted else none
    _tell(batch, {"promoted": promoted}, said, as_json=json)


def _tell(batch: str, facts: dict[str, object], sentence: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"batch": batch} | facts)
    else:
        say(sentence)
