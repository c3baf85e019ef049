"""The queue: settings that were measured, messages that carry ids only, lanes in order."""

import base64
import json

import pytest
from celery import Celery
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import MessageInvalid
from shared.jobs import BATCH_ID_PATTERN, LANES, Hint, Message
from shared.queue import PRIORITIES, TASK, Publisher, celery_app, parse_message, queue_name
from shared.settings import Settings

batch_ids = st.from_regex(BATCH_ID_PATTERN, fullmatch=True)


@pytest.fixture
def app(settings):
    """A Celery app on the real Redis."""
    app = celery_app(settings)
    yield app
    app.close()


def hint(number: int, lane: str = "standard") -> Hint:
    """A hint at an item of one batch."""
    return Hint(message=Message(batch_id="spring", number=number), lane=lane)


def consume(app: Celery, settings: Settings, count: int) -> list[Message]:
    """Fetch messages the way a worker does, and take their bodies apart."""
    found = []
    with app.connection_for_read() as connection:
        queue = connection.SimpleQueue(app.amqp.queues[queue_name(settings)])
        for _ in range(count):
            received = queue.get(timeout=5)
            assert received.headers["task"] == TASK
            (body,), *_ = received.payload
            found.append(parse_message(body))
            received.ack()
        queue.close()
    return found


def test_messages_come_out_by_lane(app, settings):
    """Urgent before standard before bulk, whatever was sent first; in order within a lane."""
    hints = [hint(n, lane) for n, lane in enumerate(["bulk", "standard", "urgent"] * 2)]
    Publisher(app).publish(hints)
    assert [message.number for message in consume(app, settings, 6)] == [2, 5, 1, 4, 0, 3]


def test_a_message_carries_ids_only(app, settings, inspector, namespace):
    """On the wire there is a version, a batch id and a number: nothing to forge or to leak."""
    Publisher(app).publish([hint(7)])
    (raw,) = inspector.lrange(f"{namespace}:queue:{queue_name(settings)}\x06\x163", 0, -1)
    assert "application/json" in raw
    body = json.loads(base64.b64decode(json.loads(raw)["body"]))
    assert body[0] == [{"version": 1, "batch_id": "spring", "number": 7}]


def test_backlog_counts_all_lanes(app):
    """The backlog is what waits in the queue, over all lanes; publishing nothing adds nothing."""
    publisher = Publisher(app)
    assert publisher.backlog() == 0
    publisher.publish([])
    publisher.publish([hint(n, lane) for n, lane in enumerate(LANES)])
    assert publisher.backlog() == 3


def test_namespaces_have_queues_of_their_own(app, settings, redis_server):
    """Two installations on one Redis never fetch each other's messages."""
    other_settings = Settings(redis_url=redis_server.url, namespace="t-neighbour")
    other = celery_app(other_settings)
    Publisher(app).publish([hint(1)])
    assert Publisher(other).backlog() == 0
    other.close()


@given(batch_id=batch_ids, number=st.integers(0, 2**63 - 1))
def test_a_message_survives_its_way(batch_id, number):
    """Through JSON and back it is the same message."""
    message = Message(batch_id=batch_id, number=number)
    assert parse_message(json.loads(message.model_dump_json())) == message


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "spring/1",
        {},
        {"version": 2, "batch_id": "spring", "number": 1},
        {"version": 1, "batch_id": "spring", "number": -1},
        {"version": 1, "batch_id": "a/b", "number": 1},
        {"version": 1, "batch_id": "spring", "number": 1, "callbacks": ["rm"]},
    ],
)
def test_a_foreign_message_is_refused(body):
    """Other versions, shapes and fields are one clear error."""
    with pytest.raises(MessageInvalid):
        parse_message(body)


def test_every_lane_has_a_priority_in_order():
    """A smaller number is served first by Celery on Redis."""
    assert list(PRIORITIES) == list(LANES)
    assert sorted(PRIORITIES.values()) == list(PRIORITIES.values())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("task_acks_late", True),
        ("worker_prefetch_multiplier", 1),
        ("task_ignore_result", True),
        ("result_backend", None),
        ("accept_content", ["json"]),
        ("worker_enable_remote_control", False),
        ("worker_send_task_events", False),
        ("worker_cancel_long_running_tasks_on_connection_loss", False),
        ("broker_connection_max_retries", None),
        ("broker_connection_retry_on_startup", True),
        ("broker_channel_error_retry", True),
    ],
)
def test_the_measured_settings_are_set(app, name, value):
    """Each of these settings was found by losing, doubling or stalling tasks without it."""
    assert app.conf[name] == value


def test_a_foreign_variable_does_not_move_the_queue(settings, monkeypatch):
    """Celery itself obeys CELERY_BROKER_URL; our setting wins."""
    monkeypatch.setenv("CELERY_BROKER_URL", "redis://somewhere.else:1/0")
    app = celery_app(settings)
    assert "somewhere.else" not in app.connection_for_write().as_uri()
    assert "somewhere.else" not in app.connection_for_read().as_uri()
    app.close()
