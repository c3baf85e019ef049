"""Recurrence: a cron expression in a time zone, and its slots: the moments at which it is due."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Self
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, model_validator

from shared.record import Record
from shared.wording import did_you_mean

#: No zone's clocks are moved by more at a time (2 hours, at the Troll station).
MAX_SHIFT = timedelta(hours=3)
#: Nothing is looked for farther away, nor does CronSim look farther.
HORIZON = timedelta(days=50 * 365)
#: A cron without a slot within these years is one that never fires. They hold a 29 February; a
#: fixed time, so that what was accepted once stays so.
TRIAL = (datetime(2001, 1, 1, tzinfo=UTC), datetime(2006, 1, 1, tzinfo=UTC))


def _plain_cron(text: str) -> str:
    fields = text.upper().split()
    if len(fields) != 5:
        msg = "should be five fields, minute hour day month weekday, such as '0 1 * * *'"
        raise ValueError(msg)
    problem = _problem(fields)
    if problem and not _problem([*fields[:3], "*", fields[4]]):
        problem = "it never fires"  # the day alone can be, but not in these months
    if problem:
        msg = f"{' '.join(fields)!r} is no usable cron expression: {problem}"
        raise ValueError(msg)
    return " ".join(fields)


def _problem(fields: list[str]) -> str:
    try:
        CronSim(" ".join(fields), TRIAL[0])
    except (CronSimError, TypeError) as error:  # the latter for `L` where a number belongs
        return str(error).lower()
    return ""


#: Names that mean another place on each host.
HOST_ZONES = frozenset({"localtime", "posixrules", "Factory"})


def _known_zone(name: str) -> str:
    known = available_timezones() - HOST_ZONES
    if name not in known:
        msg = f"{name!r} is no time zone{did_you_mean(name, known)}"
        raise ValueError(msg)
    return name


class Recurrence(Record):
    """When something is due again and again, by the clocks of a place.

    A time that the clocks skip in spring is due when they go on, and one that they show twice in
    autumn is due the first time; but a cron whose minute or hour begins with a star goes by
    elapsed time: every time that is shown, and none that is skipped.

    CronSim counts on a clock that is never moved, and what moves it is done here: given a zone,
    CronSim finds other slots backwards than forwards where clocks move by half an hour, and
    yesterday's slot within the hour that is shown twice.
    """

    #: Minute, hour, day, month, weekday.
    cron: Annotated[str, AfterValidator(_plain_cron)]
    #: A name such as Europe/Paris.
    timezone: Annotated[str, AfterValidator(_known_zone)]

    @model_validator(mode="after")
    def _fires(self) -> Self:
        begin, end = TRIAL
        if not any(slot < end for slot in self._found(begin, back=False)):
            msg = f"{self.cron!r} never fires within five years"
            raise ValueError(msg)
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The place's clocks."""
        return ZoneInfo(self.timezone)

    @property
    def words(self) -> str:
        """The cron in English: `At 01:00 every day`."""
        return CronSim(self.cron, TRIAL[0]).explain()

    def previous(self, now: datetime) -> datetime:
        """The last slot at or before a moment; both aware, the slot in UTC."""
        return max(self._found(now, back=True))

    def next(self, now: datetime) -> datetime:
        """The first slot after a moment; both aware, the slot in UTC."""
        return min(self._found(now, back=False))

    def coming(self, now: datetime) -> Iterator[datetime]:
        """All slots after a moment, in order and without end."""
        while True:
            now = self.next(now)
            yield now

    def _found(self, now: datetime, *, back: bool) -> list[datetime]:
        """Slots on one side of a moment, the nearest among them, which need not be the first."""
        clock = now.astimezone(self.zone).replace(tzinfo=None)
        start = clock + MAX_SHIFT if back else clock - MAX_SHIFT
        found: list[datetime] = []
        first = start
        for shown in CronSim(self.cron, start, reverse=back):
            if abs(shown - first) > (MAX_SHIFT if found else HORIZON):
                break
            hits = [slot for slot in self._moments(shown) if (slot <= now) == back]
            first = shown if hits and not found else first
            found += hits
        return found

    def _moments(self, shown: datetime) -> list[datetime]:
        """When the clocks show a time and it counts: no moment, one or two."""
        once = shown.replace(tzinfo=self.zone)
        if self._elapsing:
            twice = {once.astimezone(UTC), once.replace(fold=1).astimezone(UTC)}
            return sorted(moment for moment in twice if _shows(moment, once))
        while not _shows(once.astimezone(UTC), once):
            once += timedelta(minutes=1)
        return [once.astimezone(UTC)]

    @property
    def _elapsing(self) -> bool:
        return any(field.startswith("*") for field in self.cron.split()[:2])


def _shows(moment: datetime, clock: datetime) -> bool:
    """Whether the clocks of a zone show a time at a moment; not where they skip it."""
    return moment.astimezone(clock.tzinfo).replace(tzinfo=None) == clock.replace(tzinfo=None)
