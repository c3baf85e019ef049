"""Standing: a schedule with its runs in the JSON that every surface shows."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from producer.summary import phase
from shared.board import StatusBoard
from shared.errors import BatchUnknown
from shared.recurrence import Recurrence
from shared.schedules import Run, Standing

#: Due times that are shown ahead.
SHOWN_SLOTS = 5
#: Where the batch of each run stands, by its id; None where the board has none.
Phases = Mapping[str, str | None]


def batch_phases(runs: Sequence[Run], board: StatusBoard) -> dict[str, str | None]:
    """Where the batch of each run stands, by its id; None where the board has none."""
    return {run.batch_id: _phase(run, board) for run in runs}


def _phase(run: Run, board: StatusBoard) -> str | None:
    try:
        return phase(board.status(run.batch_id))
    except BatchUnknown:
        return None


def facts(
    standing: Standing, runs: Sequence[Run], now: datetime, phases: Phases | None = None
) -> dict[str, Any]:
    """A schedule as JSON; times of the next runs by its own clocks."""
    schedule = standing.schedule
    return schedule.model_dump(mode="json") | {
        "condition": standing.condition,
        "words": schedule.words,
        "since": standing.since.isoformat(),
        "broken": standing.broken.model_dump(mode="json") if standing.broken else None,
        "next": [slot.isoformat() for slot in coming(schedule, now)],
        "runs": [_run_facts(run, (phases or {}).get(run.batch_id)) for run in runs],
    }


def _run_facts(run: Run, phase: str | None) -> dict[str, Any]:
    told = run.model_dump(mode="json", exclude={"schedule", "slot", "fence"})
    slot = {"slot": run.slot.key, "at": run.slot.at.isoformat(), "asked": run.slot.asked}
    return slot | told | {"batch": run.batch_id, "phase": phase}


def coming(schedule: Recurrence, now: datetime) -> list[datetime]:
    """The next due times, by the schedule's own clocks."""
    return [slot.astimezone(schedule.zone) for slot in islice(schedule.coming(now), SHOWN_SLOTS)]
