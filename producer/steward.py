"""The steward: a Celery worker with beat inside that ends batches.

Each beat asks the same question: which batches have only final items and are not ended yet? So a
lost beat, a late one, two at once or another steward do no harm, and a fault is tried again at the
next beat by itself. Any number of stewards may run.
"""

import contextlib
import os
import socket
import threading
from collections.abc import Callable
from typing import Any

import structlog
from celery import Celery, bootsteps, signals
from celery.beat import Scheduler, Service
from celery.worker import state as worker_state
from kombu import Queue

from producer.results import write_results
from shared.board import StatusBoard
from shared.broker import DeadLetters, Screen
from shared.errors import BoardError, MessageInvalid, RedisUnreachable, RestyleError
from shared.metrics import BacklogMetrics, BuildMetrics, MetricsServer
from shared.queue import celery_app
from shared.s3 import ObjectStore
from shared.safety import Safety
from shared.settings import Settings

TICK = "restyle.steward.tick"
#: A beat that nobody took for this long is dropped: its successors asked the same question.
STALE_SECONDS = 60.0
#: Longest wait for the beat's thread at the end; it is a daemon and holds nothing.
BEAT_STOP_SECONDS = 2.0

log = structlog.get_logger(__name__)


def end_batches(
    board: StatusBoard, store: ObjectStore, *, stopping: Callable[[], bool] = lambda: False
) -> list[str]:
    """End every batch whose items are all final: write its results, then mark it ended.

    A batch whose results cannot be written stays as it is and does not keep the others waiting.

    Args:
        board: Where the batches stand.
        store: Where their results go.
        stopping: Asked before each batch; True leaves the rest to the next beat.

    Returns:
        The batches that were ended now, by id.

    Raises:
        BoardError: Redis did not answer.
    """
    ended: list[str] = []
    for batch_id in board.unended():
        if stopping():
            break
        if _try_to_end(board, store, batch_id):
            ended.append(batch_id)
    return ended


def _try_to_end(board: StatusBoard, store: ObjectStore, batch_id: str) -> bool:
    try:
        return end_batch(board, store, batch_id)
    except BoardError:
        raise  # no other batch would fare better
    except RestyleError as error:
        log.warning("batch not ended, next beat tries again", batch=batch_id, **error.report())
    except Exception:  # one odd batch must never keep all others from ending
        log.exception("batch not ended, next beat tries again", batch=batch_id)
    return False


def end_batch(board: StatusBoard, store: ObjectStore, batch_id: str) -> bool:
    """Write the results of one batch and mark it ended.

    Returns:
        False when items were retried meanwhile; the batch ends when they have.

    Raises:
        BatchUnknown: No such batch.
        BoardError: Redis did not answer.
        StorageError: S3 refused, or did not answer.
    """
    revision = board.status(batch_id).revision
    addresses = write_results(board, store, batch_id)
    ended = board.mark_ended(batch_id, revision=revision)
    if ended:
        log.info("batch ended", batch=batch_id, results=[str(address) for address in addresses])
    return ended


def queue_name(settings: Settings) -> str:
    """The stewards' own queue in this namespace."""
    return f"{settings.namespace}-steward"


def steward_app(
    settings: Settings, tick: Callable[[], None], *, interval_seconds: float, letters: DeadLetters
) -> Celery:
    """The Celery app of a steward: one queue, one task, one beat.

    Raises:
        SettingsInvalid: The broker's URL is of no usual form.
    """
    name = queue_name(settings)
    app = celery_app(settings, Screen(name, TICK, _no_arguments, letters.put, may_expire=True))
    app.conf.update(
        # A beat needs no acknowledgement: the next one asks the same. And one that is in hand while
        # Redis restarts could never be given, which leaves a Celery consumer deaf for good.
        task_queues=[Queue(name, routing_key=name, no_ack=True)],
        task_default_queue=name,
        task_default_exchange=name,
        task_default_routing_key=name,
        beat_schedule={TICK: _entry(interval_seconds)},
        result_expires=None,  # or beat would schedule the cleaning of results; there are none
    )
    app.task(name=TICK)(tick)
    app.steps["worker"].add(BeatThread)
    return app


def _no_arguments(arguments: list[Any]) -> list[Any]:
    if arguments:
        raise MessageInvalid(reason="a beat takes no arguments")
    return arguments


def _entry(interval_seconds: float) -> dict[str, Any]:
    stale_seconds = max(STALE_SECONDS, 2 * interval_seconds)
    return {"task": TICK, "schedule": interval_seconds, "options": {"expires": stale_seconds}}


class BeatThread(bootsteps.StartStopStep):
    """Beat as a thread of the worker, its schedule in memory.

    Celery's own `--beat` forks a process, which outlives a killed worker, and keeps a file.
    """

    label = "Beat"

    def start(self, parent: Any) -> None:
        """Start beating; the worker calls this when it is ready."""
        self._service = Service(parent.app, scheduler_cls=Scheduler)
        self._thread = threading.Thread(target=self._beat, name="beat", daemon=True)
        self._thread.start()

    def _beat(self) -> None:
        try:
            self._service.start()
        except Exception:  # whatever ended beat: a worker without it would idle for ever
            log.exception("beat ended, and with it this steward")
            worker_state.should_stop = 1  # type: ignore[assignment]  # typed by its first value

    def stop(self, parent: Any) -> None:  # noqa: ARG002 - the library's signature
        """Ask beat to end; it may be waiting for Redis, so not for long."""
        self._service.stop()
        self._thread.join(BEAT_STOP_SECONDS)


def run_steward(settings: Settings, *, interval_seconds: float) -> int:
    """Run a steward in this process until SIGTERM or Ctrl-C.

    Args:
        settings: Where Redis is.
        interval_seconds: Between two beats.

    Returns:
        The exit status: 0 after SIGTERM.

    Raises:
        SettingsInvalid: A URL is of no usual form.
        StorageError: S3 cannot be set up.
        RedisUnsafe: Redis may lose items.
    """
    board, stopping = StatusBoard.connect(settings), threading.Event()
    safety = Safety(board)
    store = ObjectStore.connect(allowed=settings.allowed)
    letters = DeadLetters(board, f"{socket.gethostname()}/steward/{os.getpid()}")

    def tick() -> None:
        safety.look()
        try:
            letters.deliver()
            end_batches(board, store, stopping=stopping.is_set)
        except BoardError as error:
            log.warning("the board is away, next beat tries again", **error.report())

    def drain(**_: object) -> None:
        stopping.set()

    app = steward_app(settings, tick, interval_seconds=interval_seconds, letters=letters)
    _refuse_unsafe(board)
    with contextlib.closing(board), contextlib.closing(_metrics(board, settings)) as metrics:
        metrics.start()
        # Signals hold their receivers weakly; these live as long as the worker runs.
        signals.setup_logging.connect(_keep_our_logs)
        signals.worker_shutting_down.connect(drain)
        return _work(app)


def _metrics(board: StatusBoard, settings: Settings) -> MetricsServer:
    """What waits, for an autoscaler: a steward is there when no worker is."""
    collectors = [BuildMetrics({"role": "steward"}), BacklogMetrics(board)]
    port = settings.steward_metrics_port
    return MetricsServer(collectors, host=settings.metrics_host, port=port)


def _refuse_unsafe(board: StatusBoard) -> None:
    """Refuse a Redis that may lose items; one that is away is waited for, after one clear line."""
    try:
        board.refuse_unsafe()
    except RedisUnreachable as error:
        log.warning("the board is away; waiting for it", **error.report())


def _keep_our_logs(**_: object) -> None:
    """A receiver of this signal, whatever it does, keeps Celery from setting up logs itself."""


def _work(app: Celery) -> int:
    worker = app.Worker(
        pool="solo",  # one beat at a time, in the thread that hears the signals
        concurrency=1,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        quiet=True,
    )
    worker.start()
    return int(worker.exitcode or 0)
