"""`restyle doctor` and `restyle config show`: this host, and what it is set up to talk to."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from producer.cli.terminal import EXIT_FAILED, JsonFlag, err, out, print_json, speaks
from shared.origins import Origin, describe_ecosystem, describe_settings
from shared.settings import config_path, load_settings
from shared.styles import load_style

if TYPE_CHECKING:
    from producer.doctor import Check

#: How each verdict looks.
_VERDICT_STYLES = {"ok": "green", "warn": "yellow", "fail": "bold red"}

StyleOption = Annotated[
    Path | None, typer.Option("--style", help="Look for the models of this style.")
]
OutputOption = Annotated[
    str | None, typer.Option("--output", help="The s3:// prefix to try instead of RESTYLE_OUTPUT.")
]

config_app = typer.Typer(no_args_is_help=True, help="Look at the configuration.")


def register(app: typer.Typer) -> None:
    """Add these commands to the `restyle` command."""
    app.command()(doctor)
    app.add_typer(config_app, name="config")


@speaks
def doctor(
    *, style: StyleOption = None, output: OutputOption = None, json: JsonFlag = False
) -> None:
    """Check this host, Redis, S3 and models; each line that is not ok names the command to run."""
    from producer.doctor import examine  # boto3 and redis take a moment that --help does not need

    checks = examine(load_settings(), style=load_style(style) if style else None, output=output)
    if json:
        found = list(checks)
        print_json([asdict(check) for check in found])
    else:
        with err().status("Looking …"):
            found = list(checks)
        _show(found)
    if any(check.verdict == "fail" for check in found):
        raise typer.Exit(EXIT_FAILED)


def _show(checks: "Sequence[Check]") -> None:
    table = Table(box=None, pad_edge=False, show_header=False)
    for column in ("verdict", "name"):
        table.add_column(column, no_wrap=True)
    table.add_column("finding", overflow="fold")
    for check in checks:
        verdict = Text(check.verdict, style=_VERDICT_STYLES[check.verdict])
        table.add_row(verdict, check.name, Text(check.finding))
    console = out()
    console.print(table)
    for check in checks:
        if check.command:
            line = Text.assemble((f"\n{check.name}: ", "dim"), (check.command, "cyan"))
            # One line whatever the width, to be copied.
            console.print(line, soft_wrap=True)


@config_app.command("show")
@speaks
def show_config(*, json: JsonFlag = False) -> None:
    """Print every setting with its value and where the value came from; secrets are masked."""
    settings, ecosystem = describe_settings(), describe_ecosystem()
    if json:
        blocks = {"settings": settings, "ecosystem": ecosystem}
        rows = {name: [line._asdict() for line in block] for name, block in blocks.items()}
        print_json({"file": str(config_path()), **rows})
        return
    file = config_path()
    console = out()
    console.print(f"Configuration file: {file}{'' if file.is_file() else ' (there is none)'}\n")
    console.print(_origins_table("Settings", settings))
    if ecosystem:
        console.print()
        console.print(_origins_table("Of others, as far as they are set", ecosystem))


def _origins_table(title: str, origins: Iterable[Origin]) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("name", no_wrap=True)
    table.add_column("value", overflow="fold")
    table.add_column("from", overflow="fold")
    for origin in origins:
        table.add_row(*(Text(part) for part in origin))
    return table
