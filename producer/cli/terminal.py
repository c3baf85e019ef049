"""How every command speaks: JSON on stdout when asked, errors in one shape, fixed exit codes."""

import functools
import json
from collections.abc import Callable
from typing import Annotated, ParamSpec, TypeVar

import typer
from rich.console import Console

from shared.errors import (
    BoardError,
    EndpointFailed,
    EndpointUnfinished,
    EndpointUnreachable,
    GoldenFailed,
    GoldenUnfinished,
    ReplayUnfinished,
    RestyleError,
    StorageUnavailable,
    WebhookError,
)
from shared.logs import configure_logs
from shared.settings import load_settings

#: Exit codes, as the README lists them.
EXIT_FAILED = 1  # the command worked; items failed or a check did not pass
EXIT_INPUT = 2  # something a person handed in is wrong
EXIT_UNREACHABLE = 3  # Redis or S3 did not answer
EXIT_INTERRUPTED = 130

#: The command worked, and its trial failed or its time was over.
FAILURES = (
    ReplayUnfinished,
    GoldenFailed,
    GoldenUnfinished,
    EndpointFailed,
    EndpointUnfinished,
    WebhookError,
)

#: `--json` on every command: one JSON value on stdout, or one a line where a command streams.
JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON on stdout instead of text.")]

P = ParamSpec("P")
R = TypeVar("R")


def out() -> Console:
    """The console for a command's answer."""
    return Console(highlight=False)


def err() -> Console:
    """The console for errors and progress."""
    return Console(stderr=True, highlight=False)


def print_json(value: object) -> None:
    """One JSON value on one line of stdout."""
    typer.echo(json.dumps(value, ensure_ascii=False, default=str))


def speaks(command: Callable[P, R]) -> Callable[P, R]:
    """Decorate a command: a `RestyleError` becomes one sentence, a hint and an exit code.

    With `json=True` among the command's arguments the error goes to stdout as
    `{"error": {"code", "message", "hint", "details"}}`.
    """

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            # Before anything can log: a library's line on stdout would spoil `--json`.
            configure_logs(load_settings())
            return command(*args, **kwargs)
        except RestyleError as error:
            show_error(error, as_json=bool(kwargs.get("json")))
            raise typer.Exit(exit_code(error)) from error
        except KeyboardInterrupt as error:
            raise typer.Exit(EXIT_INTERRUPTED) from error

    return wrapped


def show_error(error: RestyleError, *, as_json: bool) -> None:
    """The error in the shape that the caller asked for."""
    report = error.report()
    if as_json:
        print_json({"error": report})
        return
    console = err()
    console.print(f"[bold red]error[/] [dim]{error.code}[/]", end=" ")
    # One sentence is one line: whoever greps a log must find it whole.
    console.print(report["message"], markup=False, soft_wrap=True)
    console.print(f"  → {report['hint']}", markup=False, soft_wrap=True)


def exit_code(error: RestyleError) -> int:
    """3 where a service did not answer, 1 where a time was over or a trial failed, else 2."""
    if isinstance(error, FAILURES):
        return EXIT_FAILED
    unreachable = isinstance(error, BoardError | StorageUnavailable | EndpointUnreachable)
    return EXIT_UNREACHABLE if unreachable else EXIT_INPUT
