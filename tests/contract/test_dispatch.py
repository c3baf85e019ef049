"""The dispatcher: a small window of messages, chosen fairly, made good when lost."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from infra.demo import services
from shared.board import StatusBoard
from shared.dispatch import Dispatcher
from shared.errors import RedisUnreachable
from shared.jobs import Hint, Message
from shared.queue import Publisher, celery_app, parse_message, queue_name
from shared.settings import Settings

LEASE = 60.0


def numbers(hints: list[Hint]) -> list[int]:
    """The items' numbers, in the order of publishing."""
    return [hint.message.number for hint in hints]


def drop_messages(inspector, keys) -> None:
    """Lose the broker's whole content."""
    for key in inspector.scan_iter(f"{keys.prefix}:queue:*"):
        inspector.delete(key)


def age_messages(inspector, keys, lane: str = "standard") -> None:
    """Let an hour pass for all messages of a lane."""
    for name in inspector.zrange(keys.published(lane), 0, -1):
        inspector.zincrby(keys.published(lane), -3_600_000, name)


@pytest.fixture
def fetch(settings):
    """Fetch the next message, as a worker does."""
    app = celery_app(settings)
    with app.connection_for_read() as connection:
        queue = connection.SimpleQueue(app.amqp.queues[queue_name(settings)])

        def fetch() -> Message:
            received = queue.get(timeout=5)
            received.ack()
            (body,), *_ = received.payload
            return parse_message(body)

        yield fetch
        queue.close()
    app.close()


def test_the_window_is_filled_and_refilled(board, submit, dispatcher, publisher):
    """Never more than a window of messages; a claimed item makes room for the next."""
    submit(total=10)
    assert dispatcher.step().published == 4
    assert publisher.backlog() == 4
    assert dispatcher.step().published == 0
    board.claim("spring", 0, "w", LEASE)
    board.claim("spring", 1, "w", LEASE)
    assert dispatcher.step().published == 2


def test_the_backlog_is_what_a_worker_could_claim_now(board, submit):
    """Published or not an item waits; claimed, delayed, paused and ended ones do not."""
    submit("urgent", 3, lane="urgent")
    submit(total=10)
    submit("paused", 5, lane="bulk")
    board.pause("paused")
    board.take_for_publishing(4, 60)
    claims = [board.claim("spring", number, "w", LEASE) for number in range(3)]
    board.hand_back(claims[0], delay_seconds=60, count_delivery=True)
    board.cancel("urgent")
    backlog = board.backlog()
    assert backlog.waiting == {"urgent": 0, "standard": 7, "bulk": 0}
    assert backlog.claimed == 2
    board.resume("paused")
    assert board.backlog().waiting["bulk"] == 5


def test_items_go_out_in_manifest_order(board, submit):
    """Within a batch the first row is the first served, also after it came back."""
    submit(total=5)
    assert numbers(board.take_for_publishing(3, 60)) == [0, 1, 2]
    board.hand_back(board.claim("spring", 1, "w", LEASE))
    assert numbers(board.take_for_publishing(4, 60)) == [1, 3]


def test_each_lane_has_its_own_window(board, submit):
    """Bulk work in the window leaves room for urgent work, which comes first."""
    submit("bulk", 9, lane="bulk")
    assert len(board.take_for_publishing(4, 60)) == 4
    submit("urgent", 2, lane="urgent")
    submit("standard", 9)
    lanes = [hint.lane for hint in board.take_for_publishing(4, 60)]
    assert lanes == ["urgent"] * 2 + ["standard"] * 4


def test_batches_of_a_lane_share_by_priority(board, submit):
    """Turns go by priority + 1: 9, 4 and 0 share as 10, 5 and 1."""
    for name, priority in (("much", 9), ("some", 4), ("little", 0)):
        submit(name, 400, priority=priority)
    shares = Counter(hint.message.batch_id for hint in board.take_for_publishing(320, 60))
    assert shares == {"much": 200, "some": 100, "little": 20}


@pytest.mark.parametrize(("priorities", "share"), [((4, 4), 1), ((9, 0), 10), ((0, 9), 0.1)])
def test_two_bulk_batches_share_the_devices(board, submit, dispatcher, fetch, priorities, share):
    """What a worker fetches and claims is at all times of both, by priority, whatever their size.

    Of equal ones claims alternate; nowhere in the order is either more than a turn ahead.
    """
    for name, total, priority in (("large", 400, priorities[0]), ("small", 40, priorities[1])):
        submit(name, total, lane="bulk", priority=priority)
    claimed: Counter[str] = Counter()
    while claimed["small"] < 40 and claimed["large"] < 120:
        dispatcher.step()
        message = fetch()
        assert board.claim(message.batch_id, message.number, "w", LEASE) is not None
        claimed[message.batch_id] += 1
        assert abs(claimed["large"] - share * claimed["small"]) <= max(1, share)
    assert min(claimed.values()) >= 4


def test_a_newcomer_gets_its_share_at_once_and_no_more(board, submit):
    """Neither a long history nor a late arrival is an advantage."""
    submit("old", 400)
    board.take_for_publishing(200, 60)
    submit("new", 400)
    shares = Counter(hint.message.batch_id for hint in board.take_for_publishing(300, 60))
    assert abs(shares["new"] - shares["old"]) <= 2


def test_a_batch_that_was_empty_for_a_while_saved_no_turns(board, submit):
    """Items that come back late do not let their batch overtake the others."""
    submit("early", 40)
    board.take_for_publishing(40, 60)
    claims = [board.claim("early", number, "w", LEASE) for number in range(40)]
    submit("later", 300)
    board.take_for_publishing(100, 60)
    for claim in claims:
        board.hand_back(claim)
    shares = Counter(hint.message.batch_id for hint in board.take_for_publishing(140, 60))
    assert abs(shares["early"] - shares["later"]) <= 2


def test_two_dispatchers_publish_each_item_once(board, settings, submit):
    """Any number of dispatchers may step at once; together they fill one window."""
    submit(total=900)
    wide = settings.model_copy(update={"window": 800})
    apps = [celery_app(wide) for _ in range(4)]
    dispatchers = [Dispatcher(board, Publisher(app), wide) for app in apps]
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda dispatcher: dispatcher.step(), dispatchers))
    assert sum(step.published for step in done) == 800
    assert Publisher(apps[0]).backlog() == 800
    for app in apps:
        app.close()


def test_a_window_wider_than_a_slice_is_filled_in_one_step(board, submit, settings, publisher):
    """A step goes on, slice by slice, until the window is full."""
    submit(total=1_700)
    wide = settings.model_copy(update={"window": 1_600})
    assert Dispatcher(board, publisher, wide).step().published == 1_600
    assert publisher.backlog() == 1_600


def test_a_crash_between_take_and_publish_heals(board, submit, dispatcher, inspector, keys):
    """Items noted as published without a message are published once they are old."""
    submit(total=3)
    taken = board.take_for_publishing(4, 60)
    assert dispatcher.step().published == 0
    age_messages(inspector, keys)
    assert dispatcher.step().published == len(taken)
    assert dispatcher.step().published == 0


def test_lost_messages_are_published_again(submit, dispatcher, publisher, inspector, keys):
    """A broker that lost everything gets the window again, when the messages are old."""
    submit(total=9)
    dispatcher.step()
    drop_messages(inspector, keys)
    assert dispatcher.step().published == 0
    age_messages(inspector, keys)
    assert dispatcher.step().published == 4
    assert publisher.backlog() == 4


def test_messages_that_only_wait_are_not_doubled(board, submit, dispatcher, inspector, keys):
    """Behind slow workers the queue does not grow: old messages that are there stay alone."""
    submit(total=9)
    dispatcher.step()
    age_messages(inspector, keys)
    for _ in range(5):
        assert dispatcher.step().published == 0


def test_only_as_many_are_published_again_as_are_missing(board, submit, inspector, keys):
    """One lost message of four is made good by one message, the oldest."""
    submit(total=4)
    board.take_for_publishing(4, 60)
    age_messages(inspector, keys)
    assert numbers(board.take_for_publishing(4, 60, backlog=3)) == [0]
    assert numbers(board.take_for_publishing(4, 60, backlog=4)) == []
    assert numbers(board.take_for_publishing(4, 60)) == [1, 2, 3]


def test_a_step_counts_what_time_released(board, submit, dispatcher, inspector, keys, expire):
    """Expired claims and due retries are put back and published in the same step."""
    submit(total=2)
    board.claim("spring", 0, "dead", LEASE)
    expire("dead")
    claim = board.claim("spring", 1, "w", LEASE)
    board.hand_back(claim, delay_seconds=3600, count_delivery=True)
    inspector.zadd(keys.delayed, {"spring/1": 1})
    step = dispatcher.step()
    assert (step.expired, step.due, step.published) == (1, 1, 2)


def test_a_step_works_through_many_slices_of_lost_claims(board, submit, dispatcher, expire):
    """A host that was lost with many claims is made good in one step."""
    submit(total=1_200)
    for number in range(1_200):
        board.claim("spring", number, "dead", LEASE)
    expire("dead")
    assert dispatcher.step().expired == 1_200


def test_cancelled_work_leaves_the_window_at_once(board, submit, dispatcher):
    """The next batch need not wait until workers have refused the cancelled messages."""
    submit("first", 9)
    dispatcher.step()
    board.cancel("first")
    submit("second", 9)
    assert dispatcher.step().published == 4


def test_a_broker_that_is_away_is_one_clear_error(board, submit, settings):
    """The board is not touched by a broker's absence, and the next step makes good for it."""
    submit(total=2)
    url = f"redis://127.0.0.1:{services.free_port()}/0"
    app = celery_app(settings.model_copy(update={"broker_url": Settings(redis_url=url).redis_url}))
    with pytest.raises(RedisUnreachable):
        Dispatcher(board, Publisher(app), settings).step()
    app.close()
    assert len(board.take_for_publishing(4, 60)) == 2


def test_a_message_names_what_the_worker_claims(board, submit):
    """What is taken can be claimed by its message alone."""
    submit(total=1)
    (hint,) = board.take_for_publishing(4, 60)
    assert hint == Hint(message=Message(batch_id="spring", number=0), lane="standard")
    message = hint.message
    assert board.claim(message.batch_id, message.number, "w", LEASE) is not None


def test_an_idle_board_costs_nothing(settings, publisher):
    """Without batches a step publishes and moves nothing."""
    board = StatusBoard.connect(settings)
    step = Dispatcher(board, publisher, settings).step()
    assert (step.published, step.expired, step.poisoned, step.due, step.cancelled) == (0,) * 5
    board.close()
