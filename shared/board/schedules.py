"""Schedules and their runs: each run is made once, and executed under a lease."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from shared.board.part import Part, milliseconds
from shared.board.records import moment, pairs
from shared.errors import ScheduleExists, ScheduleUnknown
from shared.jobs import Failure
from shared.schedules import Run, RunState, Schedule, Slot, Standing

#: Runs that are kept of each schedule, the newest ones: more than a year of nights.
KEPT_RUNS = 400


class Standings(NamedTuple):
    """All schedules, by name, and the time by Redis' clock."""

    schedules: list[Standing]
    now: datetime


class Schedules(Part):
    """Keeps schedules and their runs."""

    def add_schedule(self, schedule: Schedule, *, replace: bool = False) -> None:
        """Keep a schedule; its slots count from now.

        Args:
            schedule: What is kept.
            replace: Put it in the place of one of the same name, whose runs and pause stay.

        Raises:
            ScheduleExists: The name is taken.
            RedisUnreachable: Redis does not answer.
        """
        arguments = (schedule.name, schedule.model_dump_json(), int(replace))
        if not self._connection.run("add_schedule", *arguments):
            raise ScheduleExists(schedule=schedule.name)

    def schedules(self) -> Standings:
        """Every schedule as it stands.

        Raises:
            RedisUnreachable: Redis does not answer.
        """
        *rows, now = self._connection.run("list_schedules")
        return Standings([_load_standing(pairs(fields)) for fields in rows], moment(float(now)))

    def schedule(self, name: str) -> Standing:
        """One schedule as it stands.

        Raises:
            ScheduleUnknown: No such schedule.
            RedisUnreachable: Redis does not answer.
        """
        fields = self._connection.run("read_schedule", name)
        if not fields:
            raise ScheduleUnknown(schedule=name)
        return _load_standing(pairs(fields))

    def remove_schedule(self, name: str) -> None:
        """Forget a schedule and its runs; the batches that they made stay.

        Raises:
            ScheduleUnknown: No such schedule.
            RedisUnreachable: Redis does not answer.
        """
        _check_known(name, self._connection.run("remove_schedule", name))

    def pause_schedule(self, name: str) -> None:
        """Let no further slot of a schedule become a run; a run that is made goes on.

        Raises:
            ScheduleUnknown: No such schedule.
            RedisUnreachable: Redis does not answer.
        """
        _check_known(name, self._connection.run("pause_schedule", name, 1))

    def resume_schedule(self, name: str) -> None:
        """Go on with a paused schedule; what fell due meanwhile is not run.

        Raises:
            ScheduleUnknown: No such schedule.
            RedisUnreachable: Redis does not answer.
        """
        _check_known(name, self._connection.run("pause_schedule", name, 0))

    def make_run(self, name: str, slot: Slot, state: RunState = "waiting") -> bool:
        """Make sure that a slot has its run.

        Args:
            name: The schedule.
            slot: One that fell due, or that a person asked for.
            state: `waiting` to have it executed, or `skipped`.

        Returns:
            False when it had one, or is due while the schedule is paused or before it was added.

        Raises:
            ScheduleUnknown: No such schedule.
            RedisUnreachable: Redis does not answer.
        """
        at = round(slot.at.timestamp() * 1000)
        arguments = (name, slot.key, at, state, int(slot.asked), KEPT_RUNS)
        verdict = self._connection.run("make_run", *arguments)
        _check_known(name, verdict >= 0)
        return bool(verdict)

    def take_run(self, owner: str, lease_seconds: float) -> Run | None:
        """Take a run that waits, or whose steward let its lease run out; None where there is none.

        One that was taken under a lost answer is taken again when its lease runs out.

        Raises:
            RedisUnreachable: Redis does not answer.
        """
        reply = self._connection.run("take_run", owner, milliseconds(lease_seconds))
        return _load_run(reply[0], reply[1], pairs(reply[2])) if reply else None

    def renew_run(self, run: Run, lease_seconds: float) -> bool:
        """Keep a run that was taken; False when another has it, or it is gone.

        Raises:
            RedisUnreachable: Redis does not answer.
        """
        arguments = (*_identity(run), milliseconds(lease_seconds))
        return bool(self._connection.run("renew_run", *arguments))

    def leave_run(self, run: Run, failure: Failure | None = None, *, seconds: float = 0) -> bool:
        """Put a run that was taken back, to be taken again after so many seconds.

        Returns:
            False when another has it, or it is gone.

        Raises:
            RedisUnreachable: Redis does not answer.
        """
        arguments = (*_identity(run), milliseconds(seconds), _dump(failure))
        return bool(self._connection.run("leave_run", *arguments))

    def end_run(
        self, run: Run, failure: Failure | None = None, *, state: RunState | None = None
    ) -> bool:
        """Note that a run has made its batch, or why it never will.

        A failure breaks its schedule, and all else mends it.

        Args:
            run: As it was taken.
            failure: Why it made no batch.
            state: `skipped` where there was nothing to make one of; else told by the failure.

        Returns:
            False when another has the run, or it is gone.

        Raises:
            RedisUnreachable: Redis does not answer.
        """
        state = state or ("failed" if failure else "submitted")
        return bool(self._connection.run("end_run", *_identity(run), state, _dump(failure)))

    def runs(self, name: str, limit: int = KEPT_RUNS) -> list[Run]:
        """The newest runs of a schedule, newest first.

        Raises:
            RedisUnreachable: Redis does not answer.
        """
        rows = self._connection.run("list_runs", name, limit)
        return [_load_run(name, key, pairs(fields)) for key, fields in rows]


def _check_known(name: str, verdict: object) -> None:
    if not verdict:
        raise ScheduleUnknown(schedule=name)


def _identity(run: Run) -> tuple[str, str, int]:
    return run.schedule, run.slot.key, run.fence


def _dump(failure: Failure | None) -> str:
    return failure.model_dump_json() if failure else ""


def _load_standing(fields: Mapping[str, str]) -> Standing:
    return Standing(
        schedule=Schedule.model_validate_json(fields["record"]),
        since=moment(float(fields["since"])),
        paused="paused" in fields,
        broken=_load_failure(fields.get("broken")),
    )


def _load_run(name: str, key: str, fields: Mapping[str, str]) -> Run:
    ended = fields.get("ended")
    return Run.model_validate(
        {
            "schedule": name,
            "slot": Slot.parse(key),
            "state": fields["state"],
            "fence": int(fields.get("fence", 0)),
            "losses": int(fields.get("losses", 0)),
            "owner": fields.get("owner"),
            "created_at": moment(float(fields["created"])),
            "ended_at": moment(float(ended)) if ended else None,
            "failure": _load_failure(fields.get("failure")),
        }
    )


def _load_failure(text: str | None) -> Failure | None:
    return Failure.model_validate_json(text) if text else None
