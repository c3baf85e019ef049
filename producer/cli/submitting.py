"""The command submit, and how it tells what came of it."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from producer.cli.batches import open_board, open_reader, say
from producer.cli.brakes import (
    STOP_AT,
    MaxDeviceOption,
    MaxItemsOption,
    PilotOption,
    PromoteAtOption,
    StopAtOption,
    brakes_of,
    window_of,
)
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
    WebhookOption,
    reading_of,
    say_columns,
)
from producer.cli.terminal import JsonFlag, err, print_json, speaks
from shared.errors import OutputMissing
from shared.settings import Settings, cache_path, load_settings
from shared.wording import counted

if TYPE_CHECKING:
    from producer.submission import Receipt, Submission

Lane = Literal["urgent", "standard", "bulk"]


def register(app: typer.Typer) -> None:
    """Add the command to the `restyle` command."""
    app.command(cls=SpreadingCommand)(submit)


@speaks
def submit(  # noqa: PLR0913 - an argument per option
    *,
    manifest: ManifestOption,
    style: StyleOption,
    output: OutputOption = None,
    columns: MapOption = None,
    rewrite: RewriteOption = None,
    include: IncludeOption = None,
    exclude: ExcludeOption = None,
    batch_id: Annotated[
        str | None, typer.Option(help="Id of the batch; repeating a submission under it is safe.")
    ] = None,
    lane: Annotated[Lane, typer.Option(help="Urgent batches go first, bulk ones last.")] = (
        "standard"
    ),
    priority: Annotated[
        int, typer.Option(min=0, max=9, help="Share among the batches of one lane.")
    ] = 4,
    webhook: WebhookOption = None,
    force: Annotated[
        bool, typer.Option("--force", help="Render all of it, whatever has a result already.")
    ] = False,
    verify_bytes: VerifyBytesOption = False,
    verify_results: VerifyResultsOption = False,
    max_items: MaxItemsOption = None,
    max_device_time: MaxDeviceOption = None,
    pilot: PilotOption = None,
    promote_at: PromoteAtOption = None,
    stop_at: StopAtOption = STOP_AT,
    window: Annotated[
        str | None, typer.Option(help="Render only between these times: 22:00-06:00.")
    ] = None,
    timezone: Annotated[
        str | None, typer.Option(help="Whose clocks the window goes by; by default UTC.")
    ] = None,
    masks_only: Annotated[
        bool,
        typer.Option(
            "--masks-only",
            help="Find all masks first and hold them; `restyle approve` has them painted.",
        ),
    ] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Stay and show the progress.")] = False,
    json: JsonFlag = False,
) -> None:
    """Queue what is new or changed of a manifest under a style, after checking all of it.

    Example: restyle submit --manifest shoes.csv --style spring.yaml --output s3://shop/restyled/
    """
    from producer.index import MANY
    from producer.plan import Wishes
    from producer.submission import Submission
    from producer.webhooks import named_for_batch

    settings = load_settings()
    target = output or settings.output
    if target is None:
        raise OutputMissing
    reading = reading_of(columns, rewrite, include, exclude)
    webhooks = named_for_batch(webhook or (), settings)
    request = Submission(
        manifest,
        style,
        target,
        batch_id,
        lane,
        priority,
        reading,
        wishes=Wishes(
            force=force,
            verify_bytes=verify_bytes,
            verify_results=verify_results,
            fold_from=MANY,
            max_source_bytes=settings.max_image_bytes,
        ),
        brakes=brakes_of(max_items, max_device_time, pilot, promote_at, stop_at),
        window=window_of(window, timezone),
        webhooks=webhooks,
        masks_only=masks_only,
    )
    receipt = _submitted(request, settings, as_json=json)
    show_receipt(receipt, as_json=json)
    _show_ignored(request, receipt)
    if watch:
        _follow(receipt.status.batch.batch_id, as_json=json)


def _submitted(request: "Submission", settings: Settings, *, as_json: bool) -> "Receipt":
    from producer.submit import submit as place
    from shared.dispatch import Dispatcher
    from shared.queue import Publisher, celery_app
    from shared.s3 import ObjectStore

    with open_board() as board, shown_progress() as progress, rows_told(as_json=as_json):
        dispatcher = Dispatcher(board, Publisher(celery_app(settings)), settings)
        return place(
            request,
            board,
            ObjectStore.connect(allowed=settings.allowed),
            dispatch=dispatcher.step,
            cache=cache_path(),
            progress=progress,
        )


def show_receipt(receipt: "Receipt", *, as_json: bool) -> None:
    """Say what became of a submission."""
    from producer.cli.planning import show_counts, sum_of_kinds
    from producer.summary import halt, summary

    batch = receipt.status.batch
    say_columns(receipt.recognised)
    if as_json:
        print_json(summary(receipt.status) | receipt.facts())
        return
    for note in (*receipt.notes, *receipt.row_notes):
        err().print(f"note: {note}", markup=False, soft_wrap=True)
    said = "was already submitted" if receipt.repeated else "is submitted"
    say(f"The batch {batch.batch_id} {said}: {counted(batch.total, 'item')}, {batch.lane} lane.")
    if receipt.plan and receipt.plan["new"] != sum_of_kinds(receipt.plan):
        show_counts(receipt.plan)
    if why := halt(receipt.status):
        say(f"Nothing is given out yet: {why}")
    if receipt.delay:
        say(f"Workers will hear of it later: {receipt.delay}")
    say(f"Next: restyle watch {batch.batch_id}")


def _show_ignored(request: "Submission", receipt: "Receipt") -> None:
    batch = receipt.status.batch
    wished = (request.lane, request.priority, request.webhooks, request.brakes, request.window)
    stands = (batch.lane, batch.priority, batch.webhooks, batch.brakes, batch.window)
    if receipt.repeated and wished != stands:
        webhooks = counted(len(batch.webhooks), "webhook")
        kept = (
            f"lane {batch.lane}, priority {batch.priority}, {webhooks}, its window and its brakes"
        )
        err().print(f"The batch keeps {kept}; a repeated submission changes nothing.", markup=False)


def _follow(batch_id: str, *, as_json: bool) -> None:
    from producer.cli.watching import follow

    with open_reader() as reader:
        code = follow(reader, batch_id, as_json=as_json, interval_seconds=0.5, timeout_seconds=None)
    raise typer.Exit(code)
