"""A steward's process, from its start to its drain."""

import contextlib
import os
import socket
import threading
from functools import partial

import structlog
from celery import Celery, signals

from producer.open_models import OpenModels
from producer.review.publish import Publishing
from producer.schedule import submit_run
from producer.steward.announcing import announce_broken, announce_end, announce_halt
from producer.steward.app import steward_app
from producer.steward.duties import Duties
from producer.steward.ending import Ending
from producer.steward.firing import Firing
from producer.steward.halts import look_after_halts
from producer.steward.retiring import retire_batches
from producer.steward.settling import Settling
from producer.webhooks import Post, Sender
from shared.board import StatusBoard
from shared.broker import DeadLetters
from shared.dispatch import Dispatcher
from shared.errors import RedisUnreachable
from shared.metrics import BacklogMetrics, BuildMetrics, MetricsServer
from shared.queue import Publisher, celery_app
from shared.s3 import ObjectStore
from shared.safety import Safety
from shared.schedules import Schedule, Slot
from shared.settings import Settings, cache_path

log = structlog.get_logger(__name__)


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
    owner = f"{socket.gethostname()}/steward/{os.getpid()}"
    letters = DeadLetters(board, owner)
    sender = Sender(board, settings, Post.of(settings))
    firing = _firing(board, store, settings, owner)

    ending = Ending(board, store, settings.limits, partial(announce_end, board, settings))
    announce = partial(announce_halt, board, settings)
    settling = Settling(ending, announce)
    duties = Duties(
        {
            "look at Redis": safety.look,
            "deliver dead letters": letters.deliver,
            "publish approved results": partial(
                Publishing(board, store).follow, stopping=stopping.is_set
            ),
            "end batches": partial(ending.end_batches, stopping=stopping.is_set),
            "tell of settled batches": partial(settling.settle_batches, stopping=stopping.is_set),
            "look after halts": partial(look_after_halts, board, announce),
            "fire schedules": firing.beat,
            "send webhooks": sender.send_due,
            "retire batches": partial(
                retire_batches, ending, settings.retention_days, stopping=stopping.is_set
            ),
        }
    )

    def tick() -> None:  # Celery makes a task of a function only, not of a bound method
        duties.do()

    def drain(**_: object) -> None:
        stopping.set()

    app = steward_app(settings, tick, interval_seconds=interval_seconds, letters=letters)
    _refuse_unsafe(board)
    with contextlib.ExitStack() as open_things:
        open_things.enter_context(contextlib.closing(board))
        metrics = open_things.enter_context(contextlib.closing(_metrics(board, settings)))
        open_things.enter_context(contextlib.closing(sender))
        open_things.enter_context(contextlib.closing(firing))
        metrics.start()
        # Signals hold their receivers weakly; these live as long as the worker runs.
        signals.setup_logging.connect(_keep_our_logs)
        signals.worker_shutting_down.connect(drain)
        return _work(app)


def _firing(board: StatusBoard, store: ObjectStore, settings: Settings, owner: str) -> Firing:
    def submit(schedule: Schedule, slot: Slot) -> str:
        with contextlib.closing(celery_app(settings)) as queue:
            step = Dispatcher(board, Publisher(queue), settings).step
            return submit_run(
                schedule,
                slot,
                board,
                store,
                dispatch=step,
                cache=cache_path(),
                models=OpenModels.of(settings),
            )

    return Firing(
        board,
        submit,
        owner=owner,
        lease_seconds=settings.lease_seconds,
        announce=partial(announce_broken, board, settings),
    )


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
