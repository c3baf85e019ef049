"""Schedules over HTTP: what is submitted by the clock, when it runs next, and how it went."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import Field

from producer.backoffice.api.names import ScheduleName
from producer.backoffice.asking import TheOffice
from producer.backoffice.offers import asked_style, check_models
from producer.backoffice.office import Office
from producer.schedule import check_schedule, kept_fields, run_now, schedule_of, style_of
from producer.standing import batch_phases, facts
from producer.webhooks import named_for_batch
from shared.jobs import Failure, Lane
from shared.keys import S3Address
from shared.record import Record
from shared.schedules import Condition, MissedPolicy, RunOptions, RunState, batch_id_of

router = APIRouter(prefix="/schedules", tags=["schedules"])

#: Runs that are told of one schedule.
SHOWN_RUNS = 10


class RunView(Record):
    """One due time, or one that a person asked for."""

    slot: str
    at: datetime
    #: Whether a person asked for it, beside what the cron says.
    asked: bool
    state: RunState
    losses: int
    owner: str | None
    created_at: datetime
    ended_at: datetime | None
    #: Why it failed, or why it waits.
    failure: Failure | None
    #: The batch that it makes.
    batch: str
    #: Where that batch stands; null where it was not asked, or there is none.
    phase: str | None


class ScheduleView(Record):
    """A schedule as it stands, its next due times and its last runs."""

    version: Literal[1]
    name: str
    cron: str
    timezone: str
    #: The cron in words.
    words: str
    window_seconds: int | None
    manifest: str
    #: s3:// address of the YAML, or the YAML itself.
    style: str
    output: str
    lane: Lane
    priority: int
    missed: MissedPolicy
    options: RunOptions
    created_at: datetime
    condition: Condition
    #: Due times count from here.
    since: datetime
    #: Why its last run failed, until one works.
    broken: Failure | None
    #: The next due times, by its own clocks.
    next: list[datetime]
    #: Its last runs, the newest first.
    runs: list[RunView]


class ScheduleList(Record):
    """The schedules, by name, each with its last run."""

    schedules: list[ScheduleView]


class NewSchedule(Record):
    """What is to be submitted again and again."""

    name: str
    #: Minute, hour, day, month, weekday.
    cron: str = Field(max_length=200)
    #: Whose clocks count, such as Europe/Paris.
    timezone: str = Field(max_length=100)
    #: s3:// address of the rows, or an s3:// prefix; read for each run.
    manifest: str
    #: The style's fields, its name among `/styles`, or its s3:// address, which is read each time.
    style: dict[str, Any] | str
    #: s3://bucket/prefix/ for the results; by default RESTYLE_OUTPUT.
    output: str | None = None
    #: Render only for so long after each due time: 90m, 6h, 1d.
    window: Annotated[str, Field(max_length=40)] | None = None
    missed: MissedPolicy = "late"
    lane: Lane = "standard"
    priority: int = Field(4, ge=0, le=9)
    options: RunOptions = RunOptions()
    #: Put it in the place of one of this name.
    replace: bool = False


class Asked(Record):
    """A run that a steward begins at its next beat."""

    slot: str
    batch: str


@router.get("")
def list_schedules(office: TheOffice) -> ScheduleList:
    """Every schedule: when it runs next, how its last run went, and what is broken."""
    standings, now = office.board.schedules()
    told = [
        facts(standing, office.board.runs(standing.schedule.name, 1), now) for standing in standings
    ]
    return ScheduleList(schedules=[ScheduleView.model_validate(one) for one in told])


@router.post("", status_code=201)
def add_schedule(office: TheOffice, wish: NewSchedule) -> ScheduleView:
    """Keep a schedule, after checking style, models, manifest and output; it counts from now."""
    webhooks = named_for_batch(wish.options.webhooks, office.settings)
    kept = {"webhooks": webhooks, "open_models_only": True}
    fields = wish.model_dump(exclude={"window", "replace", "style", "options"})
    fields |= {
        "style": _kept_style(wish.style, office),
        "output": wish.output or office.settings.output,
        "options": wish.options.model_copy(update=kept),
    }
    schedule = schedule_of(fields, wish.window)
    if schedule.style_address:
        check_models(style_of(schedule, office.store), office.settings)
    check_schedule(schedule, office.store)
    office.board.add_schedule(schedule, replace=wish.replace)
    return _told(schedule.name, office)


def _kept_style(style: dict[str, Any] | str, office: Office) -> str:
    if isinstance(style, str) and style.startswith("s3://"):
        return str(S3Address.parse_object(style, kind="style"))
    asked = asked_style(style, office.settings)
    check_models(asked, office.settings)
    return kept_fields(asked)


@router.get("/{name}")
def read_schedule(office: TheOffice, name: ScheduleName) -> ScheduleView:
    """One schedule, its next due times, its last runs and where their batches stand."""
    return _told(name, office)


def _told(name: str, office: Office) -> ScheduleView:
    standing, now = office.board.schedule(name), office.board.schedules().now
    runs = office.board.runs(name, SHOWN_RUNS)
    return ScheduleView.model_validate(facts(standing, runs, now, batch_phases(runs, office.board)))


@router.post("/{name}/pause")
def pause_schedule(office: TheOffice, name: ScheduleName) -> ScheduleView:
    """Let nothing fall due until it is resumed; a run that has begun goes on."""
    office.board.pause_schedule(name)
    return _told(name, office)


@router.post("/{name}/resume")
def resume_schedule(office: TheOffice, name: ScheduleName) -> ScheduleView:
    """Go on with a paused schedule; what fell due meanwhile is not run."""
    office.board.resume_schedule(name)
    return _told(name, office)


@router.post("/{name}/run")
def run_schedule(office: TheOffice, name: ScheduleName) -> Asked:
    """Run a schedule now, beside its due times, and even while it is paused."""
    slot = run_now(name, office.board)
    return Asked(slot=slot.key, batch=batch_id_of(name, slot))


@router.delete("/{name}", status_code=204)
def remove_schedule(office: TheOffice, name: ScheduleName) -> None:
    """Forget a schedule; the batches that it submitted stay."""
    office.board.remove_schedule(name)
