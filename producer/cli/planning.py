"""The commands plan and index: what a submission would render and why, and what it is told by."""

import json as json_module
from collections.abc import Iterator, Mapping
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

from producer.cli.batches import open_board, say
from producer.cli.manifests import rows_told, shown_progress
from producer.cli.options import (
    ExcludeOption,
    IncludeOption,
    ManifestOption,
    MapOption,
    OutputOption,
    RewriteOption,
    SpreadingCommand,
    StyleOption,
    VerifyBytesOption,
    VerifyResultsOption,
    reading_of,
)
from producer.cli.terminal import JsonFlag, err, print_json, speaks
from shared.errors import OptionInvalid, OutputMissing
from shared.settings import cache_path, load_settings
from shared.wording import counted

if TYPE_CHECKING:
    from producer.plan import Plan

#: What rows may be, in the order in which it is told.
KINDS = ("new", "changed", "unchanged", "pending", "orphaned")
#: Orphans that are named for people.
NAMED = 5


def register(app: typer.Typer) -> None:
    """Add the commands to the `restyle` command."""
    app.command(cls=SpreadingCommand)(plan)
    app.command()(index)


@speaks
def plan(  # noqa: PLR0913 - an argument per option
    *,
    manifest: ManifestOption,
    style: StyleOption,
    output: OutputOption = None,
    columns: MapOption = None,
    rewrite: RewriteOption = None,
    include: IncludeOption = None,
    exclude: ExcludeOption = None,
    verify_bytes: VerifyBytesOption = False,
    verify_results: VerifyResultsOption = False,
    rows: Annotated[
        str | None, typer.Option(help="A file to write every row's verdict to, as JSON Lines.")
    ] = None,
    json: JsonFlag = False,
) -> None:
    """Compare a manifest with earlier results: what is new, changed and why; queues nothing.

    Example: restyle plan --manifest shoes.csv --style spring.yaml --output s3://shop/restyled/
    """
    from producer.files import local_path, write_whole
    from producer.plan import Wishes
    from producer.submission import Submission
    from producer.submit import planned
    from shared.s3 import ObjectStore

    settings = load_settings()
    target = output or settings.output
    if target is None:
        raise OutputMissing
    if rows == "-":
        raise OptionInvalid(option="--rows", reason="it takes a file of this disk")
    path = local_path(rows) if rows else None
    wishes = Wishes(
        verify_bytes=verify_bytes,
        verify_results=verify_results,
        orphans=True,
        max_source_bytes=settings.max_image_bytes,
    )
    reading = reading_of(columns, rewrite, include, exclude)
    request = Submission(manifest, style, target, reading=reading, wishes=wishes)
    store = ObjectStore.connect(allowed=settings.allowed)
    with (
        open_board() as board,
        shown_progress() as progress,
        rows_told(as_json=json),
        planned(request, board, store, cache=cache_path(), progress=progress) as made,
    ):
        if path:
            write_whole(path, lambda sink: _write_rows(made, sink))
        summary = made.summary()
    if json:
        print_json(summary)
        return
    show_counts(summary)
    for line in _forecast(summary["forecast"]):
        say(line)


@speaks
def index(
    output: Annotated[str, typer.Argument(metavar="OUTPUT", help="s3://bucket/prefix/")],
    *,
    json: JsonFlag = False,
) -> None:
    """Write an output's index of earlier results anew, from the sidecars beside the results.

    For an index that is damaged or was removed; it takes a request for each result.
    Example: restyle index s3://shop/restyled/
    """
    from producer.index import rebuild
    from shared.keys import S3Address
    from shared.s3 import ObjectStore

    place = S3Address.parse_output(output)
    store = ObjectStore.connect(allowed=load_settings().allowed)
    with err().status("Reading sidecars") as line:
        told = rebuild(place, store, progress=lambda count: line.update(f"{count:,} sidecars read"))
    if json:
        print_json({"output": str(place), "entries": told.entries, "unread": told.unread})
        return
    say(f"The index of {place} tells {counted(told.entries, 'result')}.")
    if told.unread:
        say(f"{counted(len(told.unread), 'sidecar')} cannot be read, such as {told.unread[0]}")


def _write_rows(made: "Plan", sink: IO[bytes]) -> None:
    for row in made.rows():
        told = {
            "external_id": row.spec.external_id,
            "source": row.spec.source,
            "kind": row.kind,
            "reasons": row.reasons,
            "variants": row.earlier.result(made.output).variants if row.earlier else (),
        }
        sink.write(f"{json_module.dumps(told, ensure_ascii=False)}\n".encode())


def show_counts(summary: Mapping[str, Any]) -> None:
    """A line for each kind of row that there is, with its reasons."""
    orphans = [orphan["external_id"] for orphan in summary["orphans"][:NAMED]]
    orphans += ["…"] if summary["orphaned"] > NAMED else []
    why = {
        "changed": _listed(summary["changed_by"]),
        "pending": f"left to {_listed(summary['pending_in'])}",
        "orphaned": f"source gone: {', '.join(orphans)}" if orphans else "",
    }
    for kind in KINDS:
        if summary[kind]:
            say(f"  {kind:<10} {summary[kind]:>9,}  {why.get(kind, '')}".rstrip())


def sum_of_kinds(summary: Mapping[str, Any]) -> int:
    """All that was found, whatever it is."""
    return sum(summary[kind] for kind in KINDS)


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in sorted(counts.items()))


def _forecast(forecast: Mapping[str, Any]) -> Iterator[str]:
    images = counted(forecast["images"], "image")
    if forecast["device_seconds"] is None:
        yield f"Forecast: {images} to render; {forecast['basis']}."
        return
    from datetime import datetime, timedelta

    from producer.report.wording import file_size

    time = timedelta(seconds=round(forecast["device_seconds"]))
    size = file_size(forecast["bytes_to_write"])
    yield f"Forecast (an estimate): {images}, {time} of devices, {size} to write"
    if forecast["finish_at"]:
        end = datetime.fromisoformat(forecast["finish_at"]).astimezone()
        others = counted(forecast["ahead"], "other item")
        beside = f", with {others} in hand" if forecast["ahead"] else ""
        yield f"  done about {end:%Y-%m-%d %H:%M %Z}{beside}"
    yield f"  basis: {forecast['basis']}"
