"""The command about a batch's report: what the steward wrote at its end, or how it stands now."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from producer.cli.batches import BatchArgument, open_board, say
from producer.cli.terminal import JsonFlag, print_json, speaks
from shared.errors import BatchArchived
from shared.settings import load_settings
from shared.states import ItemState
from shared.wording import counted

if TYPE_CHECKING:
    from producer.report.record import Report

ENDINGS = {".html", ".htm"}
#: Kinds of failures that are printed; `--json` has all.
SHOWN_KINDS = 5


def register(app: typer.Typer) -> None:
    """Add the command to the `restyle` command."""
    app.command()(report)


@speaks
def report(
    batch: BatchArgument,
    *,
    output: Annotated[
        str, typer.Option(help="Where to write the page: an .html file, or a folder.")
    ] = "",
    json: JsonFlag = False,
) -> None:
    """Report what became of a batch: counts, reasons, slowest items, a sample of its pictures.

    An ended batch has its report beside the results; of an open one it is made now, "so far".

    Examples: restyle report summer-1 · restyle report summer-1 --output summer-1.html
    """
    from producer.files import write_whole
    from producer.report.writing import archived_report, find_report
    from shared.s3 import ObjectStore

    settings, path = load_settings(), _path(output, batch) if output else None
    store = ObjectStore.connect(allowed=settings.allowed)
    with open_board() as board:
        try:
            found = find_report(board, store, batch, settings.limits)
        except BatchArchived as archived:
            found = archived_report(archived.record, store)
        if path:
            page = found.page().encode()
            write_whole(path, lambda sink: sink.write(page))
    if json:
        print_json(found.report.model_dump(mode="json"))
        return
    _show(found.report)
    if path or found.address:
        say(f"  page: {path or found.address}")


def _path(output: str, batch_id: str) -> Path:
    """The page's file.

    Raises:
        FileUnwritable: It is an address, or the name of a file of another kind.
    """
    from producer.files import local_path
    from shared.errors import FileUnwritable

    path = local_path(output)
    if path.is_dir():
        return path / f"{batch_id}-report.html"
    if path.suffix not in ENDINGS:
        reason = "a report is an .html file; a folder must be there"
        raise FileUnwritable(path=path, reason=reason)
    return path


def _show(report: "Report") -> None:
    from producer.report.wording import figures, notices, verdict

    say(f"{report.batch.batch_id}: {report.phase}. {verdict(report)}")
    for notice in notices(report):
        say(f"  {notice}")
    for name, value in figures(report):
        say(f"  {value} {name}")
    for kind in report.failures[:SHOWN_KINDS]:
        say(f"  {kind.count:,} {kind.code}: {kind.message}")
        say(f"    → {kind.hint}")
    if (rest := len(report.failures) - SHOWN_KINDS) > 0:
        say(f"  {counted(rest, 'more kind')} of failures: --json lists them")
    if held := report.counts[ItemState.HELD]:
        say(f"  {counted(held, 'item')} held for a person")
    for item in report.slowest[:1]:
        say(f"  slowest: {item.external_id}, {item.render_seconds:.1f} s")
