"""Sender: takes the deliveries that are due and posts them, in a few threads of its own."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import structlog

from producer.webhooks.pauses import pause_seconds
from producer.webhooks.post import Post
from producer.webhooks.signature import signed_headers
from shared.board import DeliveryState, StatusBoard, TakenDelivery, Try
from shared.errors import BoardError, RestyleError
from shared.settings import Settings

#: Deliveries that one steward sends at once.
THREADS = 4
#: Within this time a try is over: looking up a slow name, and the post's own deadline.
LEASE_SECONDS = 120.0
#: The answer of a receiver that wants no more of an event.
GONE = 410

log = structlog.get_logger(__name__)


class Sender:
    """Sends what is due; any number of them, each delivery in one hand at a time.

    One that dies is taken over when its lease ends. An event may so arrive twice, under one id.
    """

    def __init__(self, board: StatusBoard, settings: Settings, post: Post) -> None:
        self._board = board
        self._settings = settings
        self._post = post
        self._idle = threading.BoundedSemaphore(THREADS)
        self._stopping = threading.Event()
        self._pool = ThreadPoolExecutor(THREADS, "webhooks")

    def send_due(self) -> None:
        """Give what is due to idle threads and come back at once; they go on while more is due.

        Raises:
            BoardError: Redis did not answer.
        """
        while not self._stopping.is_set() and self._idle.acquire(blocking=False):
            try:
                taken = self._taken()
            except BoardError:
                self._idle.release()
                raise
            if taken is None:
                self._idle.release()
                return
            self._pool.submit(self._go_on, taken)

    def close(self) -> None:
        """Take nothing more, and wait for the tries that run."""
        self._stopping.set()
        self._pool.shutdown()

    def _go_on(self, first: TakenDelivery) -> None:
        """Send one delivery after the other until none is due."""
        taken: TakenDelivery | None = first
        try:
            while taken is not None:
                self.send(taken)
                taken = None if self._stopping.is_set() else self._taken()
        except BoardError as error:
            log.warning("a delivery is not logged, and sent again later", **error.report())
        except Exception:  # a thread has no one else to tell it to
            log.exception("a delivery broke off, and is sent again later")
        finally:
            self._idle.release()

    def _taken(self) -> TakenDelivery | None:
        return self._board.take_delivery(LEASE_SECONDS)

    def send(self, taken: TakenDelivery) -> Try:
        """Try one delivery that was taken, and report what came of it.

        Raises:
            BoardError: Redis did not take the report.
        """
        outcome = self._tried(taken)
        state, pause = _verdict(outcome, taken.number)
        log.info(
            "webhook",
            delivery=taken.delivery_id,
            target=taken.target,
            status=outcome.status,
            error=outcome.error,
            state=state.value,
        )
        self._board.report_delivery(taken, outcome, state, pause_seconds=pause)
        return outcome

    def _tried(self, taken: TakenDelivery) -> Try:
        started = time.monotonic()
        status, error = None, ""
        try:
            # By Redis' clock: this host's may be off, and receivers refuse what is old.
            headers = signed_headers(self._settings, taken.delivery_id, taken.body, at=taken.at)
            status = self._post.send(taken.target, headers, taken.body)
        except RestyleError as refusal:
            answered = refusal.facts.get("status")
            status, error = answered if isinstance(answered, int) else None, str(refusal)
        except Exception as odd:  # one odd target must not keep its delivery under a lease for ever
            log.exception("delivery not tried", delivery=taken.delivery_id)
            error = f"{type(odd).__name__} in the steward"
        return Try(status, error, round(1000 * (time.monotonic() - started)))


def _verdict(outcome: Try, number: int) -> tuple[DeliveryState, float]:
    """How the delivery stands after a try, and the seconds until the next one."""
    if not outcome.error:
        return DeliveryState.DELIVERED, 0.0
    pause = None if outcome.status == GONE else pause_seconds(number)
    if pause is None:
        return DeliveryState.GIVEN_UP, 0.0
    return DeliveryState.WAITING, pause
