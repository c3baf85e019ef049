"""Outages: S3 or Redis lost to this process. One thread asks for it again, all others wait.

An item that fails while its service is lost is not to blame, and whoever claimed more meanwhile
would only fail more. Not covered: of several buckets at different places, one that is lost stops
the work for all of them.
"""

import random
import threading
import time
from collections.abc import Callable
from functools import partial

import structlog

from shared.board import StatusBoard
from shared.errors import RedisFull, RedisUnreachable, RestyleError, StorageUnavailable
from shared.keys import S3Address
from shared.s3 import Probe

log = structlog.get_logger()

#: Between two questions whether a service is back: first, doubled up to the longest, with jitter
#: so that a hundred workers do not ask in the same moment.
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0


class Outage:
    """One service, there or lost; safe for threads."""

    def __init__(self, service: str, draining: threading.Event, tell: Callable[[], None]) -> None:
        """Take it for being there.

        Args:
            service: Its name, for people.
            draining: Once it is set, nobody waits.
            tell: Called when the service is lost and when it is back.
        """
        self._service = service
        self._tell = tell
        self._draining = draining
        self._lock = threading.Lock()
        self._there = threading.Event()
        self._there.set()
        #: Why it is lost; empty while it is there.
        self.reason = ""

    def begin(self, error: RestyleError, answers: Callable[[], bool]) -> bool:
        """After a call that failed, find out whether the service is lost.

        Args:
            error: What the call raised.
            answers: Asks the service for anything at all; also called later, until it is true.

        Returns:
            False where it answers: the call failed by itself.
        """
        with self._lock:
            if not self._there.is_set():
                return True
            if answers():
                return False
            self.reason = str(error)
            self._there.clear()
        log.warning("service lost; waiting for it", service=self._service, **error.report())
        self._tell()
        name = f"waiting for {self._service}"
        threading.Thread(target=self._await, args=(answers,), name=name, daemon=True).start()
        return True

    def wait(self) -> None:
        """Return once the service is there, or the process drains."""
        self._there.wait()

    def _await(self, answers: Callable[[], bool]) -> None:
        began, pause_seconds = time.monotonic(), FIRST_PAUSE_SECONDS
        while not self._draining.wait(pause_seconds * random.uniform(0.5, 1.0)):
            if answers():
                seconds = round(time.monotonic() - began, 1)
                log.info("service is back", service=self._service, seconds=seconds)
                break
            pause_seconds = min(2 * pause_seconds, LONGEST_PAUSE_SECONDS)
        with self._lock:
            self.reason = ""
            self._there.set()
        self._tell()


class Outages:
    """The services that a worker process cannot do without."""

    def __init__(
        self,
        board: StatusBoard,
        probe: Probe,
        draining: threading.Event,
        tell: Callable[[], None] = lambda: None,
    ) -> None:
        """Ask nothing yet; see `Outage`."""
        self._board = board
        self._probe = probe
        self._redis = Outage("Redis", draining, tell)
        self._s3 = Outage("S3", draining, tell)

    def explain(self, error: RestyleError) -> bool:
        """Whether an error is that of a service which is lost to this process, from now on too."""
        match error:
            case StorageUnavailable(facts={"address": S3Address() as address}):
                return self._s3.begin(error, partial(self._probe.answers, address))
            case RedisUnreachable() | RedisFull():
                return self._redis.begin(error, self._board.takes_work)
        return False

    def wait(self) -> None:
        """Return once all services are there, or the process drains."""
        self._redis.wait()
        self._s3.wait()

    def reasons(self) -> dict[str, str]:
        """What is lost, and why."""
        known = {"Redis": self._redis.reason, "S3": self._s3.reason}
        return {service: reason for service, reason in known.items() if reason}
