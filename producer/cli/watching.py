"""Following a batch on the terminal: live, in plain lines, or as JSON."""

from collections.abc import Iterator

import typer
from rich.live import Live

from producer.cli.gauge import gauge, plain_line
from producer.cli.terminal import EXIT_FAILED, EXIT_INTERRUPTED, err, out, print_json
from producer.watch import View, Watched, goes_on, watch
from shared.wording import counted

#: Away from a terminal a line is printed this often.
PLAIN_SECONDS = 10.0


def follow(
    board: Watched,
    batch_id: str,
    *,
    as_json: bool,
    interval_seconds: float,
    timeout_seconds: float | None,
) -> int:
    """Show a batch until it goes on by itself no more; return the exit status.

    Raises:
        BatchUnknown: No such batch.
        BoardError: The board could not be asked even once, or was away when the time was over.
    """
    views = watch(
        board, batch_id, interval_seconds=interval_seconds, timeout_seconds=timeout_seconds
    )
    show = show_json if as_json else show_live if out().is_terminal else show_plain
    try:
        last = show(views)
    except KeyboardInterrupt as error:
        err().print("Stopped watching; the batch goes on.")
        raise typer.Exit(EXIT_INTERRUPTED) from error
    if goes_on(last.status):
        err().print(f"Stopped watching after {last.elapsed_seconds:.0f} s; the batch goes on.")
    elif last.status.open:
        waiting = counted(last.status.open, "item")
        err().print(f"For your decision: {waiting}. Next: restyle items {batch_id} --state held")
    return 0 if last.progress.succeeded else EXIT_FAILED


def show_live(views: Iterator[View]) -> View:
    """One gauge that moves; returns the last view."""
    last = next(views)
    with Live(gauge(last), console=out(), auto_refresh=False) as live:
        for last in views:
            live.update(gauge(last), refresh=True)
    return last


def show_plain(views: Iterator[View]) -> View:
    """A line now and then, when board or workers go away or come back, and at the end."""
    last = next(views)
    said = last
    typer.echo(plain_line(last))
    for last in views:
        due = last.elapsed_seconds - said.elapsed_seconds >= PLAIN_SECONDS
        if due or _standing(last) != _standing(said):
            said = last
            typer.echo(plain_line(last))
    if last is not said:
        typer.echo(plain_line(last))
    return last


def show_json(views: Iterator[View]) -> View:
    """An object per change of what the board says; returns the last view."""
    last = next(views)
    said = last
    print_json(facts(last))
    for last in views:
        if _news(last) != _news(said):
            said = last
            print_json(facts(last))
    return last


def _news(view: View) -> tuple[object, ...]:
    return view.status, *_standing(view)


def _standing(view: View) -> tuple[bool, ...]:
    return view.idle, bool(view.lost), bool(view.trouble)


def facts(view: View) -> dict[str, object]:
    """A view as `--json` shows it."""
    status, progress = view.status, view.progress
    return {
        "batch": status.batch.batch_id,
        "counts": {state: number for state, number in status.counts.items() if number},
        "total": progress.total,
        "open": status.open,
        "rate_per_minute": _rounded(progress.rate_per_minute),
        "seconds_left": _rounded(progress.seconds_left),
        "idle": view.idle,
        "lost": view.lost or None,
        "paused": status.paused,
        "cancelled": status.cancelled,
        "trouble": view.trouble.report() if view.trouble else None,
    }


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 2)
