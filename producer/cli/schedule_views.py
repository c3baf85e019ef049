"""How schedules are shown: as a table, and one by one."""

from collections.abc import Sequence
from datetime import datetime

from rich.table import Table
from rich.text import Text

from producer.cli.batches import PIPE_WIDTH, say
from producer.cli.brakes import brakes_told
from producer.cli.terminal import out
from producer.standing import Phases, coming
from shared.durations import written
from shared.schedules import Run, Schedule, Standing


def show_list(rows: Sequence[tuple[Standing, Sequence[Run]]], now: datetime) -> None:
    """A line per schedule; below, what is broken or waits, and why."""
    if not rows:
        say("There are no schedules. Next: restyle schedule add --help")
        return
    console = out()
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    console.print(_table(rows, now))
    for standing, runs in rows:
        _show_broken(standing)
        _show_waiting(runs)


def _table(rows: Sequence[tuple[Standing, Sequence[Run]]], now: datetime) -> Table:
    table = Table("Schedule", box=None, header_style="bold")
    for name in ("State", "When", "Next", "Last run"):
        table.add_column(name, overflow="fold")
    for standing, runs in rows:
        schedule = standing.schedule
        following = "" if standing.paused else _local(schedule.next(now), schedule)
        last = f"{runs[0].slot.key} {runs[0].state}" if runs else ""
        texts = (schedule.name, standing.condition, _when(schedule), following, last)
        table.add_row(*(Text(text) for text in texts))
    return table


def _show_broken(standing: Standing) -> None:
    if standing.broken:
        name, why = standing.schedule.name, standing.broken
        say(f"{name} is broken: {why.code}: {why.message}")
        say(f"    → {why.hint} It is tried again at its next due time.")


def _show_waiting(runs: Sequence[Run]) -> None:
    for run in runs:
        if run.state == "waiting" and run.failure:
            say(f"{run.schedule} waits: {run.failure.code}: {run.failure.message}")


def show_one(standing: Standing, runs: Sequence[Run], now: datetime, phases: Phases) -> None:
    """A schedule whole."""
    schedule = standing.schedule
    say(f"{schedule.name}: {standing.condition}. {_when(schedule)}")
    for name, text in _lines(schedule):
        say(f"  {name:<9}  {text}")
    for line in brakes_told(schedule.options.brakes, None):
        say(f"  stops      {line}")
    for name, value in _options(schedule).items():
        say(f"  option     {name}: {value}")
    for slot in () if standing.paused else coming(schedule, now):
        say(f"  next       {_local(slot, schedule)}")
    for run in runs:
        _show_run(run, schedule, phases.get(run.batch_id) or "")
    _show_broken(standing)


def _lines(schedule: Schedule) -> list[tuple[str, str]]:
    style = str(schedule.style_address or "kept here, as it was when the schedule was added")
    length = schedule.window_seconds
    return [
        ("window", f"{written(length)} from each due time on" if length else "none, at any time"),
        ("manifest", schedule.manifest),
        ("style", style),
        ("results", schedule.output),
        ("lane", f"{schedule.lane}, priority {schedule.priority}"),
        ("missed", "run once, late" if schedule.missed == "late" else "skipped"),
    ]


def _options(schedule: Schedule) -> dict[str, object]:
    """What else was asked for, beyond what every schedule has."""
    asked: dict[str, object] = schedule.options.model_dump(
        mode="json", exclude={"brakes", "reading"}, exclude_defaults=True
    )
    return schedule.options.reading.model_dump(mode="json", exclude_defaults=True) | asked


def _show_run(run: Run, schedule: Schedule, phase: str) -> None:
    asked = ", asked for" if run.slot.asked else ""
    batch = f"  {run.batch_id} {phase}".rstrip() if run.state in ("submitted", "running") else ""
    say(f"  run        {_local(run.slot.at, schedule)}{asked}  {run.state}{batch}")
    if run.failure:
        say(f"    {run.failure.code}: {run.failure.message}")


def _when(schedule: Schedule) -> str:
    return f"{schedule.words}, {schedule.timezone}"


def _local(moment: datetime, schedule: Schedule) -> str:
    return f"{moment.astimezone(schedule.zone):%a %Y-%m-%d %H:%M %Z}"
