"""`restyle schedule`: batches that submit themselves, each night or whenever a cron says."""

from typing import Annotated, Any, Literal

import typer

from producer.cli.batches import open_board, say
from producer.cli.brakes import (
    STOP_AT,
    MaxDeviceOption,
    MaxItemsOption,
    PilotOption,
    PromoteAtOption,
    StopAtOption,
    brakes_of,
)
from producer.cli.options import (
    ExcludeOption,
    IncludeOption,
    MapOption,
    OutputOption,
    RewriteOption,
    SpreadingCommand,
    VerifyBytesOption,
    VerifyResultsOption,
    WebhookOption,
    reading_of,
)
from producer.cli.submitting import Lane
from producer.cli.terminal import JsonFlag, print_json, speaks
from shared.settings import load_settings

Missed = Literal["late", "skip"]

#: Runs that `restyle schedule show` lists.
SHOWN_RUNS = 10

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The schedule's name.")]

schedule_app = typer.Typer(no_args_is_help=True, help="Submit batches by the clock.")


def register(app: typer.Typer) -> None:
    """Add these commands to the `restyle` command."""
    app.add_typer(schedule_app, name="schedule")


@schedule_app.command(cls=SpreadingCommand)
@speaks
def add(  # noqa: PLR0913 - an argument per option
    name: NameArgument,
    *,
    cron: Annotated[str, typer.Option(help="Minute, hour, day, month, weekday: '0 1 * * *'.")],
    timezone: Annotated[str, typer.Option(help="Whose clocks count, such as Europe/Paris.")],
    manifest: Annotated[
        str, typer.Option(help="CSV or JSONL in S3, or s3://bucket/prefix/; read for each run.")
    ],
    style: Annotated[
        str, typer.Option(help="YAML file; one in S3 is read for each run, a local one is kept.")
    ],
    output: OutputOption = None,
    window: Annotated[
        str | None, typer.Option(help="Render only for so long after each due time: 90m, 6h, 1d.")
    ] = None,
    missed: Annotated[
        Missed, typer.Option(help="A due time that no steward saw: run it late, or skip it.")
    ] = "late",
    lane: Annotated[Lane, typer.Option(help="Urgent batches go first, bulk ones last.")] = (
        "standard"
    ),
    priority: Annotated[
        int, typer.Option(min=0, max=9, help="Share among the batches of one lane.")
    ] = 4,
    columns: MapOption = None,
    rewrite: RewriteOption = None,
    include: IncludeOption = None,
    exclude: ExcludeOption = None,
    verify_bytes: VerifyBytesOption = False,
    verify_results: VerifyResultsOption = False,
    max_items: MaxItemsOption = None,
    max_device_time: MaxDeviceOption = None,
    pilot: PilotOption = None,
    promote_at: PromoteAtOption = None,
    stop_at: StopAtOption = STOP_AT,
    webhook: WebhookOption = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Put it in the place of one of this name.")
    ] = False,
    json: JsonFlag = False,
) -> None:
    """Keep a schedule, after checking style, models, manifest and output; it counts from now.

    Example: restyle schedule add nightly --cron "0 1 * * *" --timezone Europe/Paris --window 6h
    --manifest s3://shop/photos/ --style s3://shop/summer.yaml --output s3://shop/restyled/
    """
    from producer.schedule import check_schedule, kept_style, schedule_of
    from producer.webhooks import named_for_batch
    from shared.s3 import ObjectStore
    from shared.schedules import RunOptions

    settings = load_settings()
    fields: dict[str, Any] = {"name": name, "cron": cron, "timezone": timezone}
    fields |= {"manifest": manifest, "output": output or settings.output}
    fields |= {"missed": missed, "lane": lane, "priority": priority}
    fields["options"] = RunOptions(
        reading=reading_of(columns, rewrite, include, exclude),
        verify_bytes=verify_bytes,
        verify_results=verify_results,
        brakes=brakes_of(max_items, max_device_time, pilot, promote_at, stop_at),
        webhooks=named_for_batch(webhook or (), settings),
    )
    schedule = schedule_of(fields | {"style": kept_style(style)}, window)
    check_schedule(schedule, ObjectStore.connect(allowed=settings.allowed))
    with open_board() as board:
        board.add_schedule(schedule, replace=replace)
    _show(schedule.name, as_json=json)


@schedule_app.command("list")
@speaks
def list_schedules(*, json: JsonFlag = False) -> None:
    """List the schedules: when each runs next, how its last run went, and what is broken."""
    from producer.cli.schedule_views import show_list
    from producer.standing import facts

    with open_board() as board:
        standings, now = board.schedules()
        last = [board.runs(standing.schedule.name, 1) for standing in standings]
    rows = list(zip(standings, last, strict=True))
    if json:
        print_json([facts(standing, runs, now) for standing, runs in rows])
    else:
        show_list(rows, now)


@schedule_app.command()
@speaks
def show(name: NameArgument, *, json: JsonFlag = False) -> None:
    """Show a schedule: its next five due times by its own clocks, its last runs and batches."""
    _show(name, as_json=json)


def _show(name: str, *, as_json: bool) -> None:
    from producer.cli.schedule_views import show_one
    from producer.standing import batch_phases, facts

    with open_board() as board:
        standing, now = board.schedule(name), board.schedules().now
        runs = board.runs(name, SHOWN_RUNS)
        phases = batch_phases(runs, board)
    if as_json:
        print_json(facts(standing, runs, now, phases))
    else:
        show_one(standing, runs, now, phases)


@schedule_app.command()
@speaks
def pause(name: NameArgument, *, json: JsonFlag = False) -> None:
    """Let nothing fall due until `resume`; a run that has begun goes on."""
    with open_board() as board:
        board.pause_schedule(name)
    sentence = f"The schedule {name} is paused. Next: restyle schedule resume {name}"
    _tell(name, {"paused": True}, sentence, as_json=json)


@schedule_app.command()
@speaks
def resume(name: NameArgument, *, json: JsonFlag = False) -> None:
    """Go on with a paused schedule; what fell due meanwhile is not run."""
    with open_board() as board:
        board.resume_schedule(name)
    sentence = f"The schedule {name} goes on. Next: restyle schedule show {name}"
    _tell(name, {"paused": False}, sentence, as_json=json)


@schedule_app.command()
@speaks
def remove(name: NameArgument, *, json: JsonFlag = False) -> None:
    """Forget a schedule; the batches that it submitted stay."""
    with open_board() as board:
        board.remove_schedule(name)
    _tell(name, {"removed": True}, f"The schedule {name} is removed.", as_json=json)


@schedule_app.command()
@speaks
def run(name: NameArgument, *, json: JsonFlag = False) -> None:
    """Run a schedule now, beside its due times, and even while it is paused."""
    from producer.schedule import run_now
    from shared.schedules import batch_id_of

    with open_board() as board:
        slot = run_now(name, board)
    batch = batch_id_of(name, slot)
    sentence = (
        f"A steward submits the batch {batch} at its next beat. Next: restyle schedule show {name}"
    )
    _tell(name, {"slot": slot.key, "batch": batch}, sentence, as_json=json)


def _tell(name: str, told: dict[str, object], sentence: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"schedule": name} | told)
    else:
        say(sentence)
