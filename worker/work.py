"""Work: the claimed items under way in this process, their leases kept, their stops noticed."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import structlog

from shared.board import StatusBoard
from shared.errors import BoardError
from shared.jobs import Claim, ClaimName
from worker.timings import Timings

log = structlog.get_logger()

#: Longest wait for open reports before an item that may end the process.
REPORTS_SECONDS = 5.0


class Stopped(Exception):
    """The item must not go on here; never shown to a person."""


class ClaimGone(Stopped):
    """The claim was lost or the batch cancelled: nothing is to be reported."""


class Elsewhere(Stopped):
    """This host lacks what another worker may have: the item goes back for that one.

    Its only argument is the code of what is lacking.
    """


class Draining(Stopped):
    """The process is about to end: the item goes back to the queue."""


#: A stage after which an item has been painted.
PAINTED = "inpaint"

#: Told of each step that a claimed item has passed: `claim`, the stages of its way, `report`.
Told = Callable[[Claim, str], None]


def untold(_claim: Claim, _step: str) -> None:
    """Nobody is told."""


class Work:
    """One claimed item under way."""

    def __init__(self, claim: Claim, draining: threading.Event, told: Told = untold) -> None:
        self.claim = claim
        self._told = partial(told, claim)
        self.times = Timings(self.passed)
        #: Whether it has been painted, and not yet reported.
        self.painted = False
        self._draining = draining
        #: Set when the claim was lost or the batch cancelled; asked between denoising steps.
        self.cancelled = threading.Event()

    def passed(self, step: str) -> None:
        """Called with each step that is behind the item."""
        self.painted = self.painted or step == PAINTED
        self._told(step)

    def check(self) -> None:
        """Called between the stages up to the painting.

        Raises:
            ClaimGone: The claim was lost or its batch cancelled.
            Draining: The process is about to end.
        """
        self.check_claim()
        if self._draining.is_set():
            raise Draining

    def check_claim(self) -> None:
        """Called once the item is painted: a drain does not throw a painting away.

        Raises:
            ClaimGone: The claim was lost or its batch cancelled.
        """
        if self.cancelled.is_set():
            raise ClaimGone


class WorkInHand:
    """All items under way in this process; one thread renews all their leases in one call."""

    def __init__(self, board: StatusBoard, lease_seconds: float, told: Told = untold) -> None:
        self.draining = threading.Event()
        self._board = board
        self._lease_seconds = lease_seconds
        self._told = told
        self._lock = threading.Lock()
        self._reported = threading.Condition(self._lock)
        self._works: dict[ClaimName, Work] = {}
        self._threads = 0
        self._closed = threading.Event()
        self._renewer = threading.Thread(target=self._renew_for_ever, name="leases", daemon=True)

    def start(self) -> None:
        """Start renewing."""
        self._renewer.start()

    def close(self) -> None:
        """Stop renewing; what is still claimed expires or is put back by the supervisor."""
        self._closed.set()
        self._renewer.join()

    @property
    def threads(self) -> int:
        """Threads that are at an item, from its message to its report."""
        return self._threads

    @contextmanager
    def taking(self) -> Iterator[None]:
        """Count this thread while the block runs."""
        with self._lock:
            self._threads += 1
        try:
            yield
        finally:
            with self._lock:
                self._threads -= 1

    def __len__(self) -> int:
        return len(self._works)

    def await_reports(self, seconds: float = REPORTS_SECONDS) -> None:
        """Wait until all that is painted is reported, so many seconds at most.

        What may end the process must not take finished pictures along.
        """
        deadline = time.monotonic() + seconds
        with self._reported:
            while any(work.painted for work in self._works.values()):
                if not self._reported.wait(deadline - time.monotonic()):
                    return

    @contextmanager
    def holding(self, claim: Claim) -> Iterator[Work]:
        """Keep the claim alive while the block runs."""
        work, place = Work(claim, self.draining, self._told), claim.name
        with self._reported:
            self._works[place] = work
        try:
            work.passed("claim")
            yield work
        finally:
            with self._reported:
                self._works.pop(place, None)
                self._reported.notify_all()

    def _renew_for_ever(self) -> None:
        # A third of the lease leaves two more tries before anybody may take the item.
        while not self._closed.wait(self._lease_seconds / 3):
            try:
                self.renew()
            except BoardError as error:
                log.warning("leases were not renewed", **error.report())
            except Exception:
                log.exception("leases were not renewed")

    def renew(self) -> None:
        """Renew every claim in hand; give up those that were lost or cancelled.

        Raises:
            RedisUnreachable: The board does not answer.
        """
        with self._lock:
            works = dict(self._works)
        if not works:
            return
        claims = [work.claim for work in works.values()]
        renewal = self._board.renew(claims, self._lease_seconds)
        for claim in (*renewal.lost, *renewal.cancelled):
            works[claim.name].cancelled.set()
