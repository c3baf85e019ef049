"""Window: when a batch may render, such as each night from one o'clock for six hours."""

import re
from datetime import datetime, timedelta
from typing import NamedTuple, Self

from pydantic import Field, ValidationError

from shared.errors import WindowInvalid
from shared.recurrence import Recurrence
from shared.wording import first_problems

#: A week; what is open for longer needs no window.
MAX_WINDOW_SECONDS = 7 * 24 * 3600


class Span(NamedTuple):
    """One opening of a window; aware, in UTC."""

    opens: datetime
    #: The first moment after it.
    closes: datetime

    def holds(self, moment: datetime) -> bool:
        """Whether it is open at a moment."""
        return self.opens <= moment < self.closes


class Window(Recurrence):
    """Opens at each slot for so many seconds; an opening within an open one prolongs it."""

    #: Elapsed time from the opening, whatever the clocks do meanwhile.
    seconds: int = Field(gt=0, le=MAX_WINDOW_SECONDS)

    @classmethod
    def of(cls, cron: str, timezone: str, seconds: int) -> Self:
        """A window from what a person wrote.

        Raises:
            WindowInvalid: No cron expression, one that never fires, no time zone, or no such time.
        """
        try:
            return cls(cron=cron, timezone=timezone, seconds=seconds)
        except ValidationError as error:
            raise WindowInvalid(reason=first_problems(error, cls.model_fields)) from error

    @classmethod
    def daily(cls, times: str, timezone: str) -> Self:
        """The window of `22:00-06:00` in a time zone, each day.

        Raises:
            WindowInvalid: The times are none, or there is no such zone.
        """
        found = re.fullmatch(r"(\d{1,2}):(\d\d)-(\d{1,2}):(\d\d)", times.strip())
        hour, minute, end_hour, end_minute = map(int, found.groups()) if found else (99, 99, 99, 99)
        if max(hour, end_hour) > 24 or max(minute, end_minute) > 59 or hour > 23:
            raise WindowInvalid(reason=f"{times} does not read like 22:00-06:00")
        minutes = (end_hour * 60 + end_minute - hour * 60 - minute) % (24 * 60)
        if not minutes:
            reason = f"{times} ends when it begins; without it a batch is rendered all day"
            raise WindowInvalid(reason=reason)
        return cls.of(f"{minute} {hour} * * *", timezone, minutes * 60)

    def span(self, now: datetime) -> Span:
        """The opening that holds this moment, the latest of several; else the next one."""
        latest = self._span(self.previous(now))
        return latest if latest.holds(now) else self._span(self.next(now))

    def _span(self, opens: datetime) -> Span:
        return Span(opens, opens + timedelta(seconds=self.seconds))
