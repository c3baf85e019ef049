"""Deliveries on the board: announced once, sent by one at a time, logged, bounded."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.board import DeliveryState, StatusBoard, Try
from shared.board.deliveries import MAX_DELIVERIES, MAX_TRIES
from shared.errors import DeliveryUnknown

LEASE_SECONDS = 60.0
REFUSED = Try(status=500, error="it answered 500", milliseconds=12)
TAKEN = Try(status=204, error="", milliseconds=7)


def announce(board: StatusBoard, delivery_id: str = "msg_a", body: str = "{}") -> bool:
    """Announce an event for a target."""
    target = "https://shop.example/hook"
    return board.announce(delivery_id, target=target, event="batch.ended", body=body)


def retried(board: StatusBoard, *, pause_seconds: float = 0) -> None:
    """Take what is due, and report a failed try."""
    taken = board.take_delivery(LEASE_SECONDS)
    assert board.report_delivery(taken, REFUSED, DeliveryState.WAITING, pause_seconds=pause_seconds)


def settled(board: StatusBoard, state: DeliveryState = DeliveryState.DELIVERED) -> None:
    """Take what is due, and settle it."""
    assert board.report_delivery(board.take_delivery(LEASE_SECONDS), TAKEN, state)


def test_an_event_that_is_announced_twice_is_one_delivery(board):
    """Two stewards end one batch at once: the first body counts, and it is sent once."""
    assert announce(board, body='{"n": 1}')
    assert not announce(board, body='{"n": 2}')
    assert board.take_delivery(LEASE_SECONDS).body == '{"n": 1}'
    assert board.take_delivery(LEASE_SECONDS) is None


def test_two_senders_at_once_never_send_one_try(board):
    """Whoever asks, each due delivery is given out once."""
    for number in range(20):
        announce(board, f"msg_{number}")
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: board.take_delivery(LEASE_SECONDS), range(30)))
    found = [one.delivery_id for one in taken if one]
    assert sorted(found) == sorted({f"msg_{number}" for number in range(20)})


def test_a_dead_senders_try_is_taken_over_when_its_lease_ends(board, inspector, keys):
    """By another fence, under which the late one's report is refused."""
    announce(board)
    dead = board.take_delivery(LEASE_SECONDS)
    assert board.take_delivery(LEASE_SECONDS) is None
    inspector.zadd(keys.due_deliveries, {"msg_a": 1})
    heir = board.take_delivery(LEASE_SECONDS)
    assert (heir.number, heir.fence > dead.fence) == (2, True)
    assert not board.report_delivery(dead, TAKEN, DeliveryState.DELIVERED)
    assert board.delivery("msg_a").tries == ()
    assert board.report_delivery(heir, TAKEN, DeliveryState.DELIVERED)
    assert board.delivery("msg_a").state is DeliveryState.DELIVERED


def test_a_report_counts_once(board):
    """Repeated after a lost answer it changes nothing."""
    announce(board)
    taken = board.take_delivery(LEASE_SECONDS)
    assert board.report_delivery(taken, REFUSED, DeliveryState.WAITING)
    assert not board.report_delivery(taken, REFUSED, DeliveryState.WAITING)
    assert len(board.delivery("msg_a").tries) == 1


def test_a_failed_delivery_waits_for_its_next_try(board):
    """Until its pause is over nobody gets it; each try is in the log, the newest first."""
    announce(board)
    retried(board)
    retried(board, pause_seconds=300)
    assert board.take_delivery(LEASE_SECONDS) is None
    found = board.delivery("msg_a")
    assert [(one.status, one.error, one.milliseconds) for one in found.tries] == [
        (500, "it answered 500", 12)
    ] * 2
    newest, oldest = found.tries
    assert newest.at >= oldest.at >= found.announced_at
    assert 290 < (found.due_at - newest.at).total_seconds() <= 300
    assert found.failed


@pytest.mark.parametrize("state", [DeliveryState.DELIVERED, DeliveryState.GIVEN_UP])
def test_a_settled_delivery_is_sent_again_only_when_asked(board, state):
    """Redelivery begins with the first try; the log goes on."""
    announce(board)
    retried(board)
    settled(board, state)
    found = board.delivery("msg_a")
    assert (found.state, found.due_at, found.failed) == (state, None, state != "delivered")
    assert board.take_delivery(LEASE_SECONDS) is None
    board.redeliver("msg_a")
    assert board.take_delivery(LEASE_SECONDS).number == 1
    assert len(board.delivery("msg_a").tries) == 2


def test_a_redelivery_does_not_double_a_try_that_runs(board):
    """What is being sent stays under its lease; its report counts."""
    announce(board)
    taken = board.take_delivery(LEASE_SECONDS)
    board.redeliver("msg_a")
    assert board.take_delivery(LEASE_SECONDS) is None
    assert board.report_delivery(taken, TAKEN, DeliveryState.DELIVERED)


def test_what_was_taken_and_is_sent_again_has_not_failed(board):
    """Its last try came to something, so that nobody sends it a third time with the failed ones."""
    announce(board)
    taken = board.take_delivery(LEASE_SECONDS)
    board.report_delivery(taken, TAKEN, DeliveryState.DELIVERED)
    board.redeliver("msg_a")
    delivery = board.delivery("msg_a")
    assert (delivery.state, delivery.failed) == (DeliveryState.WAITING, False)


@pytest.mark.parametrize("named", ["msg_b", ""])
def test_an_unknown_delivery_is_an_error(board, named):
    """To be shown and to be sent again."""
    announce(board)
    for ask in (board.delivery, board.redeliver):
        with pytest.raises(DeliveryUnknown):
            ask(named)


def test_the_tries_of_a_delivery_have_their_bound(board, inspector, keys):
    """The newest are kept, however often it is sent again."""
    announce(board)
    for _ in range(MAX_TRIES + 1):
        retried(board)
    assert inspector.llen(keys.delivery_tries("msg_a")) == MAX_TRIES


def test_the_newest_thousand_are_kept_and_the_settled_go_first(board, inspector, keys):
    """Then waiting ones too, the oldest first; nothing of what went is left over."""
    announce(board, "msg_waiting")
    board.take_delivery(LEASE_SECONDS)
    announce(board, "msg_settled")
    settled(board)
    for number in range(MAX_DELIVERIES - 1):
        announce(board, f"msg_{number}")
    kept = [one.delivery_id for one in board.deliveries()]
    assert len(set(kept)) == len(kept) == MAX_DELIVERIES
    assert "msg_settled" not in kept
    assert "msg_waiting" in kept
    inspector.zadd(keys.deliveries, {"msg_waiting": 1})  # others may be of the same millisecond
    announce(board, "msg_last")
    with pytest.raises(DeliveryUnknown):
        board.delivery("msg_waiting")
    of_both = [*inspector.scan_iter(f"{keys.prefix}*msg_settled*")]
    assert [*of_both, *inspector.scan_iter(f"{keys.prefix}*msg_waiting*")] == []
    assert inspector.zcard(keys.due_deliveries) == MAX_DELIVERIES
    assert inspector.zcard(keys.settled_deliveries) == 0
