"""The screen before the queue: of whatever lies there, consumers see an item's ids or nothing."""

import base64
import json
import pickle
from datetime import UTC, datetime

import pytest
from celery.contrib.testing.worker import start_worker
from hypothesis import given
from hypothesis import strategies as st

from shared.broker.envelope import MAX_MESSAGE_BYTES
from shared.jobs import Hint, Message
from shared.queue import TASK, Publisher, celery_app, items_screen, queue_name
from tests.forgeries import IDS, forged, unreadable

ARGUMENT = {"version": 1, "batch_id": "spring", "number": 7}


class Aside(list):
    """What was set aside, as pairs of bytes and reason."""

    def put(self, raw, error) -> None:
        """Keep one."""
        self.append((raw, error.facts["reason"]))


@pytest.fixture
def aside() -> Aside:
    """Nothing yet."""
    return Aside()


@pytest.fixture
def screen(settings, aside):
    """The workers' screen."""
    return items_screen(settings, aside.put)


def body_of(payload):
    """The body of a message that was made anew."""
    return json.loads(base64.b64decode(payload["body"]))


def test_our_own_message_is_admitted(settings, screen, aside, inspector, namespace):
    """What a publisher sends comes out with the same argument and priority."""
    app = celery_app(settings)
    Publisher(app).publish([Hint(message=Message(**ARGUMENT), lane="urgent")])
    app.close()
    (raw,) = inspector.lrange(f"{namespace}:queue:{queue_name(settings)}", 0, -1)
    payload = screen.admit(raw.encode())
    assert body_of(payload) == [[ARGUMENT], {}, {}]
    assert payload["properties"]["priority"] == 0
    assert not aside


def test_what_was_made_anew_is_admitted_again(screen):
    """A message that a drain or a lost connection put back passes once more, under a new tag."""
    first = screen.admit(forged(IDS))
    second = screen.admit(json.dumps(first).encode())
    assert body_of(first) == body_of(second)
    assert first["properties"]["delivery_tag"] != second["properties"]["delivery_tag"]


@pytest.mark.parametrize("name", unreadable())
def test_what_cannot_be_read_is_set_aside(screen, aside, name):
    """Each kind of foreign bytes is refused with a reason; nothing is raised."""
    raw = unreadable()[name]
    assert screen.admit(raw) is None
    ((kept, reason),) = aside
    assert kept == raw
    assert reason
    assert len(reason) < 500


@given(raw=st.binary(max_size=200))
def test_no_bytes_break_the_screen(raw):
    """Whatever bytes come, the screen answers."""
    aside = Aside()
    screen = _screen(aside)
    assert screen.admit(raw) is None
    assert [kept for kept, _ in aside] == [raw]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(
    part=st.sampled_from(["headers", "properties"]),
    name=st.sampled_from(
        [
            "task",
            "id",
            "eta",
            "expires",
            "retries",
            "group",
            "delivery_tag",
            "delivery_info",
            "priority",
            "reply_to",
            "stamped_headers",
            "compression",
            "timelimit",
            "body_encoding",
        ]
    ),
    value=json_values,
)
def test_no_value_of_a_known_field_breaks_the_screen(part, name, value):
    """A message of the right shape with any value in any field is refused or made harmless."""
    aside = Aside()
    payload = _screen(aside).admit(forged(IDS, **{part: {name: value}}))
    assert (payload is None) == bool(aside)
    if payload is not None:
        assert payload["headers"].keys() == {"lang", "task", "id", "expires"}
        assert payload["headers"]["task"] == TASK
        assert payload["headers"]["expires"] is None


def _screen(aside):
    from shared.settings import Settings  # noqa: PLC0415 - no fixture: hypothesis runs many times

    return items_screen(Settings(), aside.put)


def test_a_large_message_is_not_even_read(screen, aside):
    """Its size alone is told, whatever it holds."""
    raw = forged(IDS, properties={"padding": "x" * MAX_MESSAGE_BYTES})
    assert screen.admit(raw) is None
    assert "bytes, more than 16,384" in aside[0][1]


def test_nothing_beside_the_ids_is_obeyed(settings, aside, inspector, namespace, eventually):
    """Follow-up tasks, times, other addresses: a real Celery worker runs our task, and that alone.

    Without the screen, `callbacks` and `chain` ran another task, and `eta` kept the message.
    """
    ran = []
    app = celery_app(settings, items_screen(settings, aside.put))

    @app.task(name=TASK, shared=False)
    def render(body):
        ran.append(body["number"])

    @app.task(name="other", shared=False)
    def other(*_):
        ran.append("other")

    link = {"task": "other", "args": [], "kwargs": {}, "options": {}, "immutable": True}
    late = datetime(2099, 1, 1, tzinfo=UTC).isoformat()
    past = datetime(2001, 1, 1, tzinfo=UTC).isoformat()
    messages = [
        forged(1, embed={"callbacks": [link]}),
        forged(2, embed={"chain": [link]}),
        forged(3, embed={"chord": link}, headers={"group": "g"}),
        forged(4, embed={"errbacks": [link]}),
        forged(5, headers={"eta": late}),
        forged(6, headers={"expires": past}),
        forged(7, properties={"reply_to": queue_name(settings)}),
        forged(8, headers={"timelimit": [1, 1], "retries": 10**6, "ignore_result": False}),
        forged(9, properties={"delivery_info": {"exchange": "", "routing_key": "elsewhere"}}),
    ]
    inspector.lpush(f"{namespace}:queue:{queue_name(settings)}", *messages)
    with start_worker(app, pool="solo", perform_ping_check=False, loglevel="ERROR"):
        eventually(lambda: len(ran) >= len(messages))
    app.close()
    assert ran == list(range(1, 10))
    assert not aside


def test_pickle_is_never_opened(screen, aside):
    """A body that would run code as it is read is set aside unread."""
    body = base64.b64encode(pickle.dumps([[ARGUMENT], {}, {}])).decode()
    message = json.loads(forged(IDS)) | {"body": body, "content-type": "application/x-pickle"}
    assert screen.admit(json.dumps(message).encode()) is None
    assert "content-type" in aside[0][1]


@pytest.mark.parametrize("record", ["hello", "5", "[1]", '[5, "a", "b"]'])
def test_a_forged_unacknowledged_record_is_dropped(settings, inspector, namespace, record):
    """It does not keep the records behind it from coming back."""
    app, name = celery_app(settings), queue_name(settings)
    prefix = f"{namespace}:queue:"
    genuine = json.dumps([json.loads(forged(IDS)), name, name])
    inspector.hset(f"{prefix}unacked", mapping={"forged": record, "genuine": genuine})
    inspector.zadd(f"{prefix}unacked_index", {"forged": 2, "genuine": 1})
    with app.connection_for_read() as connection:
        app.amqp.queues[name](connection.default_channel).declare()
        connection.default_channel.qos.restore_visible()
    app.close()
    assert inspector.hlen(f"{prefix}unacked") == 0
    assert inspector.llen(f"{prefix}{name}") == 1
