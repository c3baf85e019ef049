"""From an announced event to a verified one: each sent once, tried again as planned, and logged."""

import json
import re
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr
from standardwebhooks import WebhookVerificationError

from producer.doctor.webhooks import check_webhooks
from producer.webhooks import Event, Post, Sender, announce, announce_batch, new_secret
from producer.webhooks.pauses import PAUSES_SECONDS, pause_seconds
from producer.webhooks.sender import THREADS
from shared.board import DeliveryState
from shared.keys import rendering_prefix, replay_prefix
from shared.settings import Settings
from tests.receivers import Receiver, dawdling, receiver

OLD, NEW = new_secret(), new_secret()


@pytest.fixture
def hook():
    """A receiver on loopback."""
    with receiver() as made:
        yield made


@pytest.fixture
def settings(settings) -> Settings:
    """Loopback is open, and two secrets sign."""
    changes = {
        "webhook_secret": SecretStr(f"{NEW} {OLD}"),
        "webhook_allowed_networks": "127.0.0.0/8",
    }
    return settings.model_copy(update=changes)


@pytest.fixture
def sender(board, settings):
    """A steward's."""
    with closing(Sender(board, settings, Post.of(settings))) as made:
        yield made


@pytest.fixture
def due(inspector, keys):
    """Let whatever waits be due, as if its pause or its lease were over."""

    def due() -> None:
        for delivery_id in inspector.zrange(keys.due_deliveries, 0, -1):
            inspector.zadd(keys.due_deliveries, {delivery_id: 1})

    return due


def send_all(board, settings) -> None:
    """Send what is due by a sender of its own, to its end."""
    with closing(Sender(board, settings, Post.of(settings))) as sender:
        sender.send_due()
        sender._pool.shutdown()  # before it is told to take nothing more


def announced(board, hook: Receiver, occasion: str = "a") -> str:
    """An event for the receiver; returns the delivery's id."""
    event = Event("batch.ended", {"größe": 1}, occasion)
    (delivery_id,) = announce(board, [f"http://127.0.0.1:{hook.port}/hook"], event)
    return delivery_id


def test_an_event_arrives_signed_by_every_secret(board, settings, hook):
    """The library on the receiver's side verifies it under the new secret and under the old one."""
    delivery_id = announced(board, hook)
    send_all(board, settings)
    (came,) = hook.received
    for secret in (OLD, NEW):
        event = came.verified(secret)
        assert (event["type"], event["data"]) == ("batch.ended", {"größe": 1})
        assert abs(datetime.fromisoformat(event["timestamp"]) - datetime.now(UTC)).seconds < 300
    with pytest.raises(WebhookVerificationError):
        came.verified(new_secret())
    found = board.delivery(delivery_id)
    assert came.headers["webhook-id"] == delivery_id
    assert came.body == found.body
    assert (found.state, found.due_at, found.failed) == (DeliveryState.DELIVERED, None, False)
    assert [(one.status, one.error) for one in found.tries] == [(204, "")]


def test_the_readmes_receiver_verifies_an_event(board, settings, hook):
    """A person may copy it as it stands."""
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", readme, flags=re.DOTALL)
    names: dict = {}
    exec(code, names)
    announced(board, hook)
    send_all(board, settings)
    (came,) = hook.received
    assert names["event"](came.body.encode(), came.headers, NEW)["type"] == "batch.ended"
    with pytest.raises(WebhookVerificationError):
        names["event"](came.body.encode() + b" ", came.headers, NEW)


def test_a_failed_event_is_sent_again_until_it_arrives(board, settings, hook, due):
    """Under the same id, with a new signature each time; both tries are in the log."""
    hook.answers = [500, 200]
    delivery_id = announced(board, hook)
    send_all(board, settings)
    assert board.delivery(delivery_id).failed
    send_all(board, settings)
    assert len(hook.received) == 1  # it waits
    due()
    send_all(board, settings)
    assert {came.headers["webhook-id"] for came in hook.received} == {delivery_id}
    assert all(came.verified(NEW) for came in hook.received)
    found = board.delivery(delivery_id)
    assert [one.status for one in found.tries] == [200, 500]
    assert "it answered 500" in found.tries[1].error
    assert found.state is DeliveryState.DELIVERED


def test_a_receiver_that_is_gone_gets_no_second_try(board, settings, hook):
    """410 is the scheme's word for that; a person may send it again all the same."""
    hook.answers = [410, 204]
    delivery_id = announced(board, hook)
    send_all(board, settings)
    assert board.delivery(delivery_id).state is DeliveryState.GIVEN_UP
    board.redeliver(delivery_id)
    send_all(board, settings)
    assert board.delivery(delivery_id).state is DeliveryState.DELIVERED


def test_an_event_that_never_arrives_is_given_up(board, settings, hook, due):
    """After the planned tries, each later than the one before, and then it is left alone."""
    hook.answers = [503]
    delivery_id = announced(board, hook)
    for number in range(1, len(PAUSES_SECONDS) + 2):
        assert board.delivery(delivery_id).state is DeliveryState.WAITING
        due()
        send_all(board, settings)
        found = board.delivery(delivery_id)
        assert len(found.tries) == number
        if found.due_at:
            pause = (found.due_at - found.tries[0].at).total_seconds()
            assert pause == pytest.approx(PAUSES_SECONDS[number - 1], rel=0.11)
    assert found.state is DeliveryState.GIVEN_UP
    due()
    send_all(board, settings)
    assert len(hook.received) == len(PAUSES_SECONDS) + 1


def test_the_pauses_are_not_the_same_for_all():
    """So that a receiver that comes back does not get everything at once."""
    assert len({pause_seconds(7) for _ in range(20)}) > 1
    assert pause_seconds(len(PAUSES_SECONDS) + 1) is None


def test_two_senders_at_once_send_each_event_once(board, settings, hook):
    """Two stewards announce the same and beat together."""
    for _ in range(2):
        for number in range(12):
            announced(board, hook, str(number))
    with (
        closing(Sender(board, settings, Post.of(settings))) as one,
        closing(Sender(board, settings, Post.of(settings))) as other,
    ):
        for sender in (one, other):
            sender.send_due()
        for sender in (one, other):
            sender._pool.shutdown()
    ids = [came.headers["webhook-id"] for came in hook.received]
    assert len(ids) == len(set(ids)) == 12
    assert all(found.state is DeliveryState.DELIVERED for found in board.deliveries())


def test_the_event_of_a_sender_that_was_killed_arrives(board, settings, hook, due):
    """When its lease is over, and not before."""
    announced(board, hook)
    board.take_delivery(3600.0)
    send_all(board, settings)
    assert hook.received == []
    due()
    send_all(board, settings)
    assert len(hook.received) == 1


def test_a_slow_receiver_holds_nobody_up(board, sender, hook, eventually):
    """A steward's beat comes back at once; only so many tries run; the rest waits its turn."""
    hook.answers = [dawdling]
    for number in range(THREADS + 2):
        announced(board, hook, str(number))
    sender.send_due()
    eventually(lambda: len(hook.received) == THREADS)
    sender.send_due()
    assert [one.tries for one in board.deliveries()] == [()] * (THREADS + 2)
    hook.over.set()


def test_a_drain_ends_the_tries_that_run_and_begins_no_other(board, settings, hook, eventually):
    """What it did not begin is due for the next steward."""
    hook.answers = [dawdling]
    for number in range(THREADS + 2):
        announced(board, hook, str(number))
    with closing(Sender(board, settings, Post.of(settings))) as sender:
        sender.send_due()
        eventually(lambda: len(hook.received) == THREADS)
        sender._stopping.set()
        hook.over.set()
    assert len(hook.received) == THREADS
    assert sorted(len(one.tries) for one in board.deliveries()) == [0] * 2 + [1] * THREADS
    assert board.take_delivery(60.0).number == 1


def test_without_a_secret_nothing_is_sent(board, settings, hook):
    """The log says what to do; a steward that has one sends it."""
    delivery_id = announced(board, hook)
    bare = settings.model_copy(update={"webhook_secret": None})
    send_all(board, bare)
    assert "no secret" in board.delivery(delivery_id).tries[0].error
    assert hook.received == []
    (check,) = check_webhooks(bare)
    assert (check.verdict, check.command) == ("fail", "restyle webhooks secret")


def test_the_doctor_tells_of_deliveries_that_failed(board, settings, hook, due):
    """Nothing where nobody uses webhooks; else whether the last ones arrived."""
    assert list(check_webhooks(settings)) == []
    announced(board, hook)
    hook.answers = [500, 204]
    send_all(board, settings)
    (check,) = check_webhooks(settings)
    assert check.verdict == "warn"
    assert "1 of the last 1 deliveries failed: " in check.finding
    assert "it answered 500" in check.finding
    due()
    (check,) = check_webhooks(settings)
    assert (check.verdict, check.command) == ("warn", "restyle steward")
    send_all(board, settings)
    assert [check.verdict for check in check_webhooks(settings)] == ["ok"]


# --- a batch's events ------------------------------------------------------------------------


def test_an_event_tells_how_the_batch_stands(board, settings, submit):
    """To the targets of the batch and to those of the settings, each once."""
    here, there = "https://a.example/", "https://b.example/"
    submit(webhooks=(here,))
    settings = settings.model_copy(update={"webhooks": f"{there},{here}"})
    status = board.status("spring")
    ids = announce_batch(board, settings, status, "batch.paused", more={"reason": "window"})
    found = [board.delivery(one) for one in ids]
    assert [one.target for one in found] == [here, there]
    event = json.loads(found[0].body)
    assert event["type"] == found[0].event == "batch.paused"
    data = event["data"]
    assert (data["batch_id"], data["phase"], data["reason"]) == ("spring", "queued", "window")
    assert sum(data["counts"].values()) == data["total"] == 3
    assert data["output"] == "s3://shop/out/"


def test_the_same_event_of_a_batch_is_announced_once(board, settings, submit, failure):
    """A retry of items makes the next end another; so does another occasion."""
    submit(total=1, webhooks=("https://a.example/",))

    def told(**occasion) -> str:
        (one,) = announce_batch(board, settings, board.status("spring"), "batch.ended", **occasion)
        return one

    first = told()
    assert told() == first
    board.finish(board.claim("spring", 0, "w", 30.0), failure)
    assert told() == first
    board.retry("spring")
    assert len({first, told(), told(occasion="2026-11-24")}) == 3
    assert len(list(board.deliveries())) == 3


@pytest.mark.parametrize("prefix", [replay_prefix, rendering_prefix])
def test_what_is_apart_tells_nobody(board, settings, submit, prefix):
    """A replay and a rendering are somebody's own, not batches of the catalogue."""
    output = str(prefix("s3://shop/out/", "again"))
    submit("again", output=output)
    settings = settings.model_copy(update={"webhooks": "https://a.example/"})
    assert announce_batch(board, settings, board.status("again"), "batch.ended") == []
    assert list(board.deliveries()) == []


def test_the_body_of_a_batchs_event_is_small(board, settings, submit):
    """However long its names are: a thousand bodies are a few megabytes."""
    output = f"s3://shop/{'x' * 700}/"
    submit("b" * 128, output=output, webhooks=("https://a.example/",))
    more = {"reason": "\ud800" + "x" * 100_000}
    (one,) = announce_batch(board, settings, board.status("b" * 128), "batch.ended", more=more)
    assert len(board.delivery(one).body) < 4_096
    assert json.loads(board.delivery(one).body)["data"]["reason"].startswith("\ud800x")
