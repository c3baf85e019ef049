"""The command check, and its one table."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from producer.cli.batches import say
from producer.cli.options import (
    ExcludeOption,
    IncludeOption,
    ManifestOption,
    MapOption,
    OutputOption,
    RewriteOption,
    SpreadingCommand,
    StyleOption,
    reading_of,
    say_columns,
)
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
from shared.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from producer.check import Draft, Finding, Report

#: Findings that are shown to people unless told otherwise.
SHOWN_FINDINGS = 50


def register(app: typer.Typer) -> None:
    """Add the command to the `restyle` command."""
    app.command(cls=SpreadingCommand)(check)


@speaks
def check(  # noqa: PLR0913 - an argument per option
    *,
    manifest: ManifestOption,
    style: StyleOption,
    output: OutputOption = None,
    columns: MapOption = None,
    rewrite: RewriteOption = None,
    include: IncludeOption = None,
    exclude: ExcludeOption = None,
    limit: Annotated[
        int, typer.Option(min=1, help="Most findings in the table; --json has all of them.")
    ] = SHOWN_FINDINGS,
    json: JsonFlag = False,
) -> None:
    """Tell what would go wrong with a manifest and a style, by headers alone; queues nothing.

    Exit status: 0 nothing found, 1 some items would fail, 2 the submission would be refused.
    With --json one finding a line, then the counts.
    Example: restyle check --manifest photos.csv --style summer.yaml
    """
    from producer.check import Draft
    from shared.styles import load_style

    started = time.monotonic()
    settings = load_settings()
    reading = reading_of(columns, rewrite, include, exclude)
    draft = Draft(manifest, load_style(style), output or settings.output, reading)
    report = _report(draft, settings)
    say_columns(report.recognised)
    if json:
        _print_json(report)
    else:
        _show(report, limit, time.monotonic() - started)
    if report.refused or not report.items:
        raise typer.Exit(EXIT_INPUT)
    if report.failing:
        raise typer.Exit(EXIT_FAILED)


def _report(draft: "Draft", settings: Settings) -> "Report":
    from producer.check import check as inspect
    from shared.s3 import ObjectStore

    with _shown_progress() as progress:
        return inspect(
            draft,
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
    for line in summary(report):
        say(line)
    say(
        f"Checked in {seconds:.1f} s, by headers alone: whether a file is damaged further on, and "
        "whether a mask is found, is seen only when it is rendered."
    )


def summary(report: "Report") -> Iterator[str]:
    """What the table amounts to, line by line."""
    if report.rows:
        yield _usable(report)
    if report.failing:
        codes = ", ".join(f"{count:,} {code}" for code, count in report.failing.most_common())
        yield f"{counted(report.failing.total(), 'item')} would fail alone: {codes}."
    if report.wrong_rows:
        they = "it is" if report.wrong_rows == 1 else "they are"
        wrong = counted(report.wrong_rows, "wrong row")
        yield f"{wrong}: nothing would be queued before {they} corrected."


def _usable(report: "Report") -> str:
    # Pictures of wrong rows were not looked at: then it is rows that are counted.
    what = "rows" if report.wrong_rows else "pictures"
    if not report.usable:
        return f"None of {report.rows:,} {what} can be used."
    kinds = ", ".join(f"{count:,} {name}" for name, count in report.containers.most_common())
    pixels = report.pixels / 1e6
    size = f"{pixels:,.1f}" if pixels < 10 else f"{pixels:,.0f}"
    return f"{report.usable:,} of {report.rows:,} {what} can be used: {kinds}; {size} megapixels."


def _table(findings: "list[Finding]") -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("Where", overflow="fold", max_width=32)
    table.add_column("Code", no_wrap=True)
    table.add_column("What, and what to do", overflow="fold")
    for found in findings:
        what = Text.assemble(found.message, (f"\n→ {found.hint}" if found.hint else "", "dim"))
        where = f"{found.where} (row {found.row})" if found.row else found.where
        table.add_row(Text(where), Text(found.code or "note"), what)
    return table
