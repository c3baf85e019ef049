"""The Celery seam: a message in, an acknowledgement out; all else is the Seat's."""

import structlog
from celery import Celery
from celery.exceptions import Reject
from celery.signals import setup_logging, worker_shutting_down

from shared.errors import BoardError
from shared.queue import TASK, parse_message
from worker.bootstrap import WorkerProcess

log = structlog.get_logger()


def install(app: Celery, process: WorkerProcess) -> None:
    """Register the task and the drain on an app, and keep Celery's hands off our logs."""

    # The app's screen has seen to it that the message is one of ours.
    @app.task(name=TASK)
    def render(body: object) -> None:
        take(process, body)

    def drain(**_: object) -> None:
        process.drain()

    worker_shutting_down.connect(drain, weak=False)
    setup_logging.connect(_keep_our_logs)


def _keep_our_logs(**_: object) -> None:
    """A receiver of this signal, whatever it does, keeps Celery from setting up logs itself."""


def take(process: WorkerProcess, body: object) -> None:
    """Take one message to its end.

    Raises:
        Reject: The process drains; the broker puts the message back.
    """
    try:
        goes_on = process.seat.take(parse_message(body), process.owner)
    except BoardError as error:
        log.warning("claim not possible; the dispatcher will publish again", **error.report())
    except Exception:
        log.exception("message not taken to its end")
    else:
        if not goes_on:
            raise Reject(requeue=True)
