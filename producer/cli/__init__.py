"""The `restyle` command: its commands by room, each loaded when it is asked for."""

from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

#: Every command, in the order of `--help`, and the module of this package that registers it.
ROOMS: Mapping[str, str] = {
    "check": "checking",
    "plan": "planning",
    "index": "planning",
    "submit": "submitting",
    "status": "batches",
    "watch": "outputs",
    "items": "batches",
    "results": "outputs",
    "report": "reporting",
    "sheet": "outputs",
    "replay": "replaying",
    "recover": "recovering",
    "cancel": "steering",
    "retry": "steering",
    "pause": "steering",
    "resume": "steering",
    "promote": "steering",
    "approve": "reviewing",
    "reject": "reviewing",
    "decisions": "reviewing",
    "undo": "reviewing",
    "rerender": "rerendering",
    "dead": "dead",
    "webhooks": "webhooks",
    "schedule": "scheduling",
    "models": "models",
    "steward": "outputs",
    "serve": "serving",
    "token": "tokens",
    "doctor": "host",
    "config": "host",
}


class _Rooms(TyperGroup):
    """Loads one room for one command: boto3, celery and pillow together take a second."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the library's signature
        return list(ROOMS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in ROOMS:
            from shared.wording import did_you_mean  # pydantic is slow to load

            ctx.fail(f"There is no command {cmd_name}{did_you_mean(cmd_name, ROOMS)}.")
        commands = typer.Typer()
        import_module(f"producer.cli.{ROOMS[cmd_name]}").register(commands)
        return get_group(commands).commands[cmd_name]

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            if words := _plain(error.__cause__):
                error.message = words
            raise


def _plain(cause: BaseException | None) -> str:
    """What is wrong with an option's value, in our words where typer passes pydantic's on."""
    from pydantic import ValidationError

    from shared.wording import first_problems

    return first_problems(cause, ()) if isinstance(cause, ValidationError) else ""


app = typer.Typer(
    name="restyle",
    cls=_Rooms,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,  # a plain traceback shows no secrets of local variables
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(asked: bool) -> None:  # noqa: FBT001 - typer calls it so
    if asked:
        typer.echo(f"restyle {version('restyle')}")
        raise typer.Exit


@app.callback()
def restyle(
    *,
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Restyle an image catalogue: find the garment by text, repaint it, keep every other pixel.

    Exit codes: 0 fine; 1 items failed or wait for a decision, a check did not pass, a replay
    differs, a tried webhook was not taken, or a --timeout was over; 2 wrong input; 3 Redis or S3
    did not answer; 130 interrupted.
    """


def main() -> None:
    """Run the command line."""
    app(prog_name="restyle")
