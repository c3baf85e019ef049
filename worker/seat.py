"""Seat: takes one message to its end: claim, render, report. Knows no Celery."""

import random
from collections.abc import Callable
from concurrent.futures import CancelledError

import structlog

from shared.board import StatusBoard
from shared.errors import (
    BatcherClosed,
    BoardError,
    ClaimLost,
    MemoryShort,
    RedisFull,
    RedisUnreachable,
    RestyleError,
)
from shared.jobs import Claim, Failure, Held, Message, Result
from shared.settings import Settings
from worker.insisting import insist
from worker.outage import Outages
from worker.pipeline import Pipeline
from worker.tally import Ending, Tally
from worker.work import ClaimGone, Draining, Elsewhere, Work, WorkInHand

log = structlog.get_logger()

#: Seconds before the first retry of a passing fault; doubled each time, with jitter.
RETRY_SECONDS = 2.0
#: A report is worth nothing after the lease has run out, so it is tried this many leases long.
REPORT_LEASES = 2.0
#: A thread that gave an item up to others takes none for so long: handing back is quicker than
#: rendering, and whoever cannot render must not have most of the queue pass through its hands.
HOLD_SECONDS = 1.0


class Seat:
    """Where items are rendered: one per worker process, shared by all its item threads."""

    def __init__(
        self,
        board: StatusBoard,
        pipeline: Pipeline,
        in_hand: WorkInHand,
        tally: Tally,
        settings: Settings,
        outages: Outages,
    ) -> None:
        self._board = board
        self._pipeline = pipeline
        self._in_hand = in_hand
        self._tally = tally
        self._settings = settings
        self._outages = outages

    def take(self, message: Message, owner: str) -> bool:
        """Render the item that a message names, if it can be claimed.

        While S3 or Redis are lost to this process it claims nothing and waits, message in hand:
        one that went back to the queue would be taken again and again.

        Returns:
            False when the message must go back because this process is draining.

        Raises:
            BoardError: The claim could not be made; the dispatcher publishes again.
        """
        while True:
            self._outages.wait()
            if self._in_hand.draining.is_set():
                return False
            try:
                self._claim_and_render(message, owner)
            except BoardError as error:
                if not self._outages.explain(error):
                    raise
            else:
                return True

    def _claim_and_render(self, message: Message, owner: str) -> None:
        lease_seconds = self._settings.lease_seconds
        with self._in_hand.taking():
            claim = self._board.claim(message.batch_id, message.number, owner, lease_seconds)
            if claim is not None:
                self._render(claim)

    def _render(self, claim: Claim) -> None:
        place = {"batch": claim.batch_id, "item": claim.spec.external_id}
        with structlog.contextvars.bound_contextvars(**place), self._in_hand.holding(claim) as work:
            try:
                self._report(self._outcome(work))
            except ClaimLost as error:
                log.info("report refused", **error.report())
            finally:
                self._tally.spent(work.times)

    def _outcome(self, work: Work) -> Callable[[], None]:
        """Render, and return the report that the board is due."""
        claim = work.claim
        try:
            outcome = self._pipeline.render(work)
        except (ClaimGone, ClaimLost, CancelledError):
            return lambda: log.info("item stopped: the claim is gone")
        except Elsewhere as stop:
            code = str(stop)
            return lambda: self._leave_to_others(claim, code)
        except (Draining, BatcherClosed):
            return lambda: self._hand_back(claim, Ending("returned"))
        except RestyleError as error:
            return self._after_error(work, error)
        except BaseException as error:
            log.exception("item failed unexpectedly")
            return self._after_error(work, _named(error, claim))
        return self._finishing(work, outcome)

    def _after_error(self, work: Work, error: RestyleError) -> Callable[[], None]:
        claim = work.claim
        if self._outages.explain(error):
            return lambda: self._hand_back(claim, Ending("returned", error.code))
        if error.retryable and claim.retries < self._settings.max_retries:
            delay = RETRY_SECONDS * 2**claim.retries * random.uniform(0.5, 1.5)
            log.warning("item will be retried", in_seconds=round(delay, 1), **error.report())
            return lambda: self._hand_back(claim, Ending("retried", error.code), delay)
        log.warning("item failed", **error.report())
        sidecar = self._pipeline.record_failure(claim, error)
        return self._finishing(work, Failure.of(error, sidecar))

    def _hand_back(self, claim: Claim, ending: Ending, delay_seconds: float = 0.0) -> None:
        """Give the item back; what is retried counts as a try, what is returned never happened."""
        tried = ending.state == "retried"
        if self._board.hand_back(claim, delay_seconds=delay_seconds, count_delivery=tried):
            self._tally.ended(ending)

    def _leave_to_others(self, claim: Claim, code: str) -> None:
        self._hand_back(claim, Ending("returned", code))
        self._in_hand.draining.wait(HOLD_SECONDS)

    def _finishing(self, work: Work, outcome: Result | Failure | Held) -> Callable[[], None]:
        ending = _ending(outcome)

        def finish() -> None:
            self._board.finish(work.claim, outcome)
            # Only what the board took counts, so that the two agree.
            self._tally.ended(ending)
            work.passed("report")

        return finish

    def _report(self, report: Callable[[], None]) -> None:
        """Report; a Redis that is away for a moment does not throw the render away."""
        try:
            insist(report, REPORT_LEASES * self._settings.lease_seconds)
        except (RedisFull, RedisUnreachable) as error:
            log.error("report given up; the item will be rendered again", **error.report())


def _ending(outcome: Result | Failure | Held) -> Ending:
    """How it is counted, and the log's line on what did not fail."""
    match outcome:
        case Failure():
            return Ending("failed", outcome.code)
        case Held():
            reasons = outcome.gate.reasons if outcome.gate else ()
            log.info("item held", stage=outcome.stage, reasons=reasons)
            return Ending("held", outcome.stage)
        case Result():
            log.info("item done", seconds=outcome.render_seconds)
            return Ending("done")


def _named(error: BaseException, claim: Claim) -> RestyleError:
    """An error that nobody foresaw, under a code of ours."""
    if isinstance(error, MemoryError):
        return MemoryShort(source=claim.spec.source)
    return RestyleError(reason=f"{type(error).__name__}: {error}")
