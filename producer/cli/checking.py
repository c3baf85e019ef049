"""The command check, and its one table."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from producer.cli.batches import say
from producer.cli.options import ManifestOption, OutputOption, StyleOption
from producer.cli.terminal import (
    EXIT_FAILED,
    EXIT_INPUT,
    JsonFlag,
    err,
    out,
    print_json,
    speaks,
)
from shared.settings import Settings, cache_path, load_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from producer.check import Finding, Report

#: Findings that are shown to people unless told otherwise.
SHOWN_FINDINGS = 50


def register(app: typer.Typer) -> None:
    """Add the command to the `restyle` command."""
    app.command()(check)


@speaks
def check(
    *,
    manifest: ManifestOption,
    style: StyleOption,
    output: OutputOption = None,
    limit: Annotated[int, typer.Option(min=1, help="Most findings to show.")] = SHOWN_FINDINGS,
    json: JsonFlag = False,
) -> None:
    """Tell what would go wrong with a manifest and a style, by headers alone; queues nothing.

    Exit status: 0 nothing found, 1 some items would fail, 2 the submission would be refused.
    With --json one finding a line, then the counts.
    Example: restyle check --manifest photos.csv --style summer.yaml
    """
    started = time.monotonic()
    report = _report(manifest, style, output, load_settings())
    if json:
        _print_json(report)
    else:
        _show(report, limit, time.monotonic() - started)
    if report.refused or not report.items:
        raise typer.Exit(EXIT_INPUT)
    if report.failing:
        raise typer.Exit(EXIT_FAILED)


def _report(manifest: str, style: Path, output: str | None, settings: Settings) -> "Report":
    from producer.check import Draft
    from producer.check import check as inspect
    from shared.s3 import ObjectStore
    from shared.styles import load_style

    with _shown_progress() as progress:
        return inspect(
            Draft(manifest, load_style(style), output or settings.output),
            ObjectStore.connect(allowed=settings.allowed),
            settings.limits,
            cache_path(),
            progress=progress,
        )


@contextmanager
def _shown_progress() -> Iterator["Callable[[int], None]"]:
    with err().status("Reading the manifest") as line:
        yield lambda items: line.update(f"{items:,} pictures looked at")


def _print_json(report: "Report") -> None:
    for finding in report.findings:
        print_json({"finding": asdict(finding)})
    print_json(report.as_json())


def _show(report: "Report", limit: int, seconds: float) -> None:
    if report.findings:
        out().print(_table(report.findings[:limit]))
    if len(report.findings) > limit:
        say(f"These are the first {limit:,}; --limit shows more, --json all of them.")
    kinds = ", ".join(f"{count:,} {name}" for name, count in report.containers.most_common())
    pictures = f"{kinds}; {report.pixels / 1e6:,.0f} megapixels" if kinds else "none"
    say(f"{report.usable:,} of {report.items:,} pictures can be used: {pictures}.")
    if report.failing:
        codes = ", ".join(f"{count:,} {code}" for code, count in report.failing.most_common())
        say(f"{report.failing.total():,} items would fail alone: {codes}.")
    if report.wrong_rows:
        say(f"{report.wrong_rows:,} wrong rows: nothing would be queued before they are corrected.")
    say(f"Checked in {seconds:.1f} s; whether a mask is found is seen only when it is rendered.")


def _table(findings: "list[Finding]") -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("Where", overflow="fold", max_width=32)
    table.add_column("Code", no_wrap=True)
    table.add_column("What, and what to do", overflow="fold")
    for found in findings:
        what = Text.assemble(found.message, (f"\n→ {found.hint}" if found.hint else "", "dim"))
        table.add_row(Text(found.where), Text(found.code or "note"), what)
    return table
