"""Pace: how quickly the requests of a group come, and so how long mates are worth a wait; pure."""

from dataclasses import dataclass
from typing import Self

#: How much the newest gap between two arrivals moves the usual one.
WEIGHT = 0.25
#: A longer gap counts as this many limits: one night's pause must not outweigh a whole morning.
LONGEST_GAP_LIMITS = 4
#: After this many usual gaps without an arrival nobody else is expected ...
QUIET_GAPS = 2
#: ... but not before this share of the limit: threads do not come like clockwork.
LEAST_QUIET = 0.1


@dataclass(frozen=True, slots=True)
class Pace:
    """The arrivals of a group so far, in seconds of the caller's clock."""

    #: The latest arrival.
    last: float
    #: The usual time between two arrivals; None after a single one.
    gap_seconds: float | None = None

    def after(self, arrived: float, limit_seconds: float) -> Self:
        """The pace after one more arrival; what comes together is one arrival.

        Args:
            arrived: When.
            limit_seconds: Longest wait for batch mates.
        """
        if arrived == self.last:
            return self
        gap = min(max(0.0, arrived - self.last), LONGEST_GAP_LIMITS * limit_seconds)
        if self.gap_seconds is not None:
            gap = self.gap_seconds + WEIGHT * (gap - self.gap_seconds)
        return type(self)(max(self.last, arrived), gap)

    def ripe_at(self, oldest: float, limit_seconds: float) -> float:
        """From when on waiting for mates is no use; never later than the limit or the latest.

        A group of unknown pace waits up to the limit. Where the next arrival is expected past the
        limit, nobody waits for it; where it is overdue, nobody waits any longer.

        Args:
            oldest: When the one that waits longest arrived.
            limit_seconds: Its longest wait.
        """
        limit = oldest + limit_seconds
        if self.gap_seconds is None:
            return limit
        if self.last + self.gap_seconds >= limit:
            return min(self.last, limit)
        quiet = max(QUIET_GAPS * self.gap_seconds, LEAST_QUIET * limit_seconds)
        return min(self.last + quiet, limit)
