"""Window: when a batch may render, such as each night from one o'clock for six hours."""

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

    def span(self, now: datetime) -> Span:
        """The opening that holds this moment, the latest of several; else the next one."""
        latest = self._span(self.previous(now))
        return latest if latest.holds(now) else self._span(self.next(now))

    def _span(self, opens: datetime) -> Span:
        return Span(opens, opens + timedelta(seconds=self.seconds))
