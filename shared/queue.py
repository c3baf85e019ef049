"""The queue: Celery on Redis, carrying id-only hints from the dispatcher to the workers.

Settings were measured, not assumed: a message may be lost (kill -9 between fetch and
acknowledgement) or delivered twice (a reset connection), and both do no harm, because the item's
record on the board decides. Hence no results, no ETA, no chords, no remote control.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from celery import Celery
from celery.exceptions import CeleryError
from kombu import Queue
from kombu.exceptions import KombuError
from kombu.transport import redis as redis_transport
from kombu.transport.redis import Transport
from pydantic import ValidationError

from shared.board.connection import refusal
from shared.broker import Screen, ScreenedChannel
from shared.errors import MessageInvalid, RedisForbidden, RedisUnreachable
from shared.jobs import Hint, Lane, Message
from shared.redis_urls import for_kombu
from shared.settings import Settings
from shared.urls import mask_url
from shared.wording import first_problems

#: The one task; its argument is a message's JSON object.
TASK = "restyle.render"

#: Celery's priority of each lane: a smaller one is served first, strictly.
PRIORITIES: Mapping[Lane, int] = {"urgent": 0, "standard": 3, "bulk": 6}

#: A message taken but never acknowledged comes back after this long. It must outlast a render
#: and a drain; claims and the dispatcher are what recovers fast.
VISIBILITY_SECONDS = 3600
#: A broker that does not answer for this long is away.
SOCKET_SECONDS = 30.0
CONNECT_SECONDS = 5.0
#: What a broken connection to the broker raises; the transport also counts KeyError, which may be
#: a mistake of ours.
_BROKER_ERRORS: tuple[type[Exception], ...] = (
    KombuError,
    CeleryError,
    *(cls for cls in Transport.connection_errors if cls is not KeyError),
    *Transport.channel_errors,
)
#: Messages sent to the broker in one round trip.
MESSAGES_PER_TRIP = 256


def queue_name(settings: Settings) -> str:
    """The queue of this namespace."""
    return f"{settings.namespace}-items"


def celery_app(settings: Settings, screen: Screen | None = None) -> Celery:
    """The Celery app that publishes and consumes hints; no connection is opened yet.

    Args:
        settings: Where the broker is.
        screen: Looks through every message before Celery sees it; whoever consumes needs one.

    Raises:
        SettingsInvalid: The broker's URL is of no usual form.
    """
    # The URL's scheme names the transport, so ours cannot be named beside it.
    redis_transport.Transport.Channel = ScreenedChannel
    app = Celery("restyle", set_as_current=False)
    app.conf.update(_broker(settings, screen) | _delivery(settings) | _worker())
    return app


def items_screen(settings: Settings, set_aside: Callable[[bytes, MessageInvalid], None]) -> Screen:
    """The screen before the items' queue: admits ids of an item, and nothing else."""
    return Screen(queue_name(settings), TASK, _one_message, set_aside)


def _one_message(arguments: list[Any]) -> list[Any]:
    if len(arguments) != 1:
        raise MessageInvalid(reason=f"it has {len(arguments)} arguments instead of one")
    return [parse_message(arguments[0]).model_dump(mode="json")]


def _broker(settings: Settings, screen: Screen | None) -> dict[str, Any]:
    url = for_kombu(settings.effective_broker_url)
    return {
        "broker_url": url,
        # All three, or a CELERY_BROKER_URL of somebody else's would win.
        "broker_read_url": url,
        "broker_write_url": url,
        "broker_connection_retry_on_startup": True,
        # The default gives up after 100 tries and leaves a worker that never works again.
        "broker_connection_max_retries": None,
        # A full Redis must not end the worker.
        "broker_channel_error_retry": True,
        "broker_transport_options": {
            "global_keyprefix": f"{settings.namespace}:queue:",
            "visibility_timeout": VISIBILITY_SECONDS,
            # Defaults look for unacknowledged messages every 100 seconds only.
            "unacked_restore_interval": 5,
            "unacked_restore_throttle": 1,
            "priority_steps": sorted(PRIORITIES.values()),
            "queue_order_strategy": "priority",
            "health_check_interval": 10,
            "socket_keepalive": True,
            "socket_timeout": SOCKET_SECONDS,
            "socket_connect_timeout": CONNECT_SECONDS,
            "screen": screen,
        },
    }


def _delivery(settings: Settings) -> dict[str, Any]:
    name = queue_name(settings)
    return {
        "task_serializer": "json",
        "result_serializer": "json",
        "event_serializer": "json",
        "accept_content": ["json"],
        "task_queues": [Queue(name, routing_key=name)],
        "task_default_queue": name,
        "task_default_exchange": name,
        "task_default_routing_key": name,
        "task_create_missing_queues": False,
        "task_default_priority": PRIORITIES["standard"],
        "task_acks_late": True,
        "task_ignore_result": True,
        "task_store_errors_even_if_ignored": False,
        "result_backend": None,
        "task_send_sent_event": False,
        "task_publish_retry": False,  # the dispatcher's next step is the retry
    }


def _worker() -> dict[str, Any]:
    return {
        "worker_prefetch_multiplier": 1,
        "worker_enable_remote_control": False,
        "worker_send_task_events": False,
        # With the threads pool this one ends the worker at its first reconnection.
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "worker_proc_alive_timeout": 60.0,
    }


class Publisher:
    """Puts hints on the queue and counts those that wait there; safe for threads."""

    def __init__(self, app: Celery) -> None:
        self._app = app
        self._address = mask_url(str(app.conf.broker_write_url))

    def publish(self, hints: Sequence[Hint]) -> None:
        """Send a message per hint, each into its lane.

        Raises:
            RedisUnreachable: The broker went away; some of the messages may have been sent.
        """
        if not hints:
            return
        with self._producer() as producer, producer.batch(max_size=MESSAGES_PER_TRIP):
            for hint in hints:
                self._send(producer, hint)

    def _send(self, producer: Any, hint: Hint) -> None:
        body = hint.message.model_dump(mode="json")
        priority = PRIORITIES[hint.lane]
        self._app.send_task(TASK, args=[body], priority=priority, producer=producer)

    def backlog(self) -> int:
        """How many messages wait in the queue; those that a worker has fetched do not count.

        Raises:
            RedisUnreachable: The broker does not answer.
        """
        name = self._app.conf.task_default_queue
        with self._producer() as producer:
            return int(producer.channel.queue_declare(queue=name).message_count)

    def refuse_forbidden(self) -> None:
        """Refuse a user that may not use the queue; a broker that is away is waited for later.

        Raises:
            RedisForbidden: The broker's user lacks a right.
        """
        try:
            self.backlog()
        except RedisForbidden:
            raise
        except RedisUnreachable:
            return

    @contextlib.contextmanager
    def _producer(self) -> Iterator[Any]:
        """A pooled producer; untyped, because the stubs know kombu 5.6 and no batches."""
        try:
            with self._app.producer_pool.acquire(block=True) as producer:
                yield producer
        except _BROKER_ERRORS as error:
            raise refusal(self._address, error) from error


def parse_message(body: object) -> Message:
    """The message that a task was called with.

    Raises:
        MessageInvalid: Not one of ours, or of another release's version.
    """
    try:
        return Message.model_validate(body)
    except ValidationError as error:
        reason = first_problems(error, Message.model_fields)
        raise MessageInvalid(reason=reason) from error
