"""The steward's Celery app: one queue, one task, and beat as a thread."""

import threading
from collections.abc import Callable
from typing import Any

import structlog
from celery import Celery, bootsteps
from celery.beat import Scheduler, Service
from celery.worker import state as worker_state
from kombu import Queue

from shared.broker import DeadLetters, Screen
from shared.errors import MessageInvalid
from shared.queue import celery_app
from shared.settings import Settings

TICK = "restyle.steward.tick"
#: A beat that nobody took for this long is dropped: its successors asked the same question.
STALE_SECONDS = 60.0
#: Longest wait for the beat's thread at the end; it is a daemon and holds nothing.
BEAT_STOP_SECONDS = 2.0

log = structlog.get_logger(__name__)


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
