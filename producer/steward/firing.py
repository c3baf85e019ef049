"""Firing: each beat makes sure that what is due has its run; runs are executed in threads."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import structlog

from shared.board import StatusBoard
from shared.errors import (
    BatchRestoring,
    BoardError,
    CredentialsMissing,
    DiskFailed,
    NothingToSubmit,
    RestyleError,
    RunLost,
    ScheduleUnknown,
)
from shared.jobs import Failure
from shared.schedules import Run, Schedule, Slot, Standing

#: A due time that nobody noticed for this long was missed.
GRACE = timedelta(minutes=10)
#: Runs that one steward executes at a time.
MAX_HANDS = 2
#: A run whose stewards died this often is given up.
MAX_LOSSES = 5
#: Longest wait for runs at the end; another steward goes on with what is left.
DRAIN_SECONDS = 2.0
#: Faults of services and of this host, which are none of the schedule's; others may say of
#: themselves that they pass.
PASSING = (BoardError, BatchRestoring, CredentialsMissing, DiskFailed)

#: Makes the batch of a schedule's slot, whatever an earlier attempt left of it, and tells its id.
Submit = Callable[[Schedule, Slot], str]

#: Lets people know that a run failed, and with it that its schedule is broken.
Announce = Callable[[Run, Failure], object]

log = structlog.get_logger(__name__)


def _to_nobody(_run: Run, _failure: Failure) -> None:
    """Announce nothing."""


class Firing:
    """One steward's hands for runs; one thread calls it."""

    def __init__(
        self,
        board: StatusBoard,
        submit: Submit,
        *,
        owner: str,
        lease_seconds: float,
        announce: Announce = _to_nobody,
    ) -> None:
        """Begin nothing yet.

        Args:
            board: Where schedules stand.
            submit: Executes a run; it may take minutes, and may be repeated.
            announce: Called with a run that failed, and why; perhaps several times.
            owner: This steward's name.
            lease_seconds: A run goes to another steward so long after its own died, and a
                passing fault is tried again after it.
        """
        self._board = board
        self._submit = submit
        self._owner = owner
        self._lease_seconds = lease_seconds
        self._announce = announce
        self._hands: dict[threading.Thread, Run] = {}
        self._closed = False

    def beat(self) -> None:
        """Make the runs that are due, and take up what nobody executes.

        Raises:
            BoardError: Redis did not answer.
        """
        standings, now = self._board.schedules()
        for standing in standings:
            with contextlib.suppress(ScheduleUnknown):  # removed a moment ago
                self._make_due(standing, now)
        self._hands = {hand: run for hand, run in self._hands.items() if hand.is_alive()}
        while len(self._hands) < MAX_HANDS and not self._closed and self._take():
            pass

    def _make_due(self, standing: Standing, now: datetime) -> None:
        slot, name = standing.due(now), standing.schedule.name
        if slot is None:
            return
        missed = standing.schedule.missed == "skip" and now - slot.at > GRACE
        if self._board.make_run(name, slot, "skipped" if missed else "waiting"):
            log.info("schedule is due", schedule=name, slot=slot.key, skipped=missed)

    def _take(self) -> bool:
        run = self._board.take_run(self._owner, self._lease_seconds)
        if run is None:
            return False
        hand = threading.Thread(target=self._execute, args=(run,), name="run", daemon=True)
        self._hands[hand] = run
        hand.start()
        return True

    def close(self, seconds: float = DRAIN_SECONDS) -> None:
        """Wait a moment for runs under way, then leave them to other stewards.

        Their threads are daemons; what one of them still says of its run is refused.
        """
        self._closed = True
        for hand, run in self._hands.items():
            hand.join(seconds / len(self._hands))
            if hand.is_alive():
                with contextlib.suppress(BoardError):  # then its lease runs out
                    self._board.leave_run(run)
                log.info("run left to another steward", schedule=run.schedule, slot=run.slot.key)

    # --- in a thread of its own --------------------------------------------------------------

    def _execute(self, run: Run) -> None:
        try:
            with self._kept(run):
                self._make_batch(run)
            self._board.end_run(run)
        except RestyleError as error:
            self._note(run, error)
        except Exception as error:  # the schedule must say so; the log has the whole story
            log.exception("run failed", schedule=run.schedule, slot=run.slot.key)
            self._note(run, RestyleError(reason=f"{type(error).__name__} in its steward"))

    def _make_batch(self, run: Run) -> None:
        if run.losses >= MAX_LOSSES:
            raise RunLost(schedule=run.schedule, slot=run.slot.key, losses=run.losses)
        batch_id = self._submit(self._board.schedule(run.schedule).schedule, run.slot)
        log.info("schedule's batch submitted", schedule=run.schedule, batch=batch_id)

    def _note(self, run: Run, error: RestyleError) -> None:
        """Put the run back where the fault passes; else the schedule is broken."""
        if isinstance(error, NothingToSubmit):
            log.info("run skipped", schedule=run.schedule, slot=run.slot.key, reason=str(error))
            with contextlib.suppress(BoardError):  # then its lease runs out
                self._board.end_run(run, Failure.of(error), state="skipped")
            return
        passing = error.retryable or isinstance(error, PASSING)
        facts = {"schedule": run.schedule, "slot": run.slot.key} | error.report()
        log.warning("run waits" if passing else "run failed", **facts)
        with contextlib.suppress(BoardError):  # then its lease runs out
            if passing:
                self._board.leave_run(run, Failure.of(error), seconds=self._lease_seconds)
            else:
                self._announce(run, Failure.of(error))
                self._board.end_run(run, Failure.of(error))

    @contextlib.contextmanager
    def _kept(self, run: Run) -> Iterator[None]:
        """Renew the run's lease meanwhile."""
        over = threading.Event()
        threading.Thread(target=self._renew, args=(run, over), name="lease", daemon=True).start()
        try:
            yield
        finally:
            over.set()

    def _renew(self, run: Run, over: threading.Event) -> None:
        while not over.wait(self._lease_seconds / 3):
            with contextlib.suppress(BoardError):  # the next one may be in time
                if not self._board.renew_run(run, self._lease_seconds):
                    return
