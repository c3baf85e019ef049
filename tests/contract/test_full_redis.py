"""A Redis that runs full: new work is refused, reports are taken, and with room all goes on."""

from datetime import UTC, datetime

import pytest
import redis

from infra.demo import services
from producer.doctor.services import check_redis
from shared.board import DeliveryState, Try
from shared.errors import ClaimLost, RedisFull
from shared.queue import Publisher, celery_app
from shared.settings import Settings

LEASE = 30.0

#: What lies in Redis beside the tests' own.
BALLAST_BYTES = 16_000_000


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A Redis of this module's own."""
    with services.redis_server(tmp_path_factory.mktemp("full")) as made:
        yield made


@pytest.fixture
def settings(server, namespace):
    """Settings of a namespace on it."""
    return Settings(redis_url=server.url, namespace=namespace, window=4)


@pytest.fixture
def limit(server):
    """Set the share of Redis' memory limit that is used; lifted with the test."""
    with redis.Redis.from_url(server.url) as client:
        # Of an empty Redis a connection's buffers alone are a tenth, which comes and goes.
        client.set("ballast", bytes(BALLAST_BYTES))

        def limit(share: float) -> None:
            used = client.info("memory")["used_memory"]
            client.config_set("maxmemory", int(used / share) if share else 0)

        yield limit
        client.config_set("maxmemory", 0)
        client.delete("ballast")


def test_whatever_ends_work_is_taken_by_a_full_redis(board, submit, result, failure, limit):
    """Renewals, reports, returns, cancels and pauses need no room that was not given before."""
    submit(total=4)
    claims = [board.claim("spring", number, "w", LEASE) for number in range(4)]
    limit(1.1)
    limit(2.0)
    assert board.renew(claims, LEASE).lost == ()
    assert board.pin_source(claims[0], "e", 1).etag == "e"
    board.finish(claims[0], result)
    board.finish(claims[1], failure)
    assert board.hand_back(claims[2])
    board.report_worker("w", {"lost_services": {}})
    assert board.bury("w", [claims[3].name], 3).struck == 1
    board.pause("spring")
    board.resume("spring")
    board.sweep(5)
    assert board.cancel("spring") == 2
    assert board.mark_ended("spring")
    with pytest.raises(ClaimLost):
        board.finish(claims[3], result)


def test_a_full_redis_takes_events_and_what_came_of_them(board, limit):
    """They tell of work that is done, have their bounds, and a full Redis is no reason to hush."""
    limit(2.0)
    assert board.announce("msg_a", target="https://a.example/", event="batch.ended", body="{}")
    taken = board.take_delivery(LEASE)
    assert board.report_delivery(taken, Try(204, "", 1), DeliveryState.DELIVERED)
    board.redeliver("msg_a")
    assert board.take_delivery(LEASE).delivery_id == "msg_a"


def test_whatever_begins_work_is_refused_by_a_full_redis(
    board, settings, submit, new_batch, new_specs, failure, limit
):
    """Claims, messages, retries and batches wait, by name; with room they are taken."""
    submit(total=3)
    board.finish(board.claim("spring", 0, "w", LEASE), failure)
    app = celery_app(settings)
    publisher = Publisher(app)
    begins = [
        lambda: board.claim("spring", 1, "w", LEASE),
        lambda: board.retry("spring"),
        lambda: board.open_batch(new_batch("autumn", 1)),
        lambda: board.take_for_publishing(4, 60),
    ]
    hints = board.take_for_publishing(4, 60)
    limit(2.0)
    for begin in (*begins, lambda: publisher.publish(hints)):
        with pytest.raises(RedisFull):
            begin()
    assert not board.takes_work()
    limit(0)
    assert board.takes_work()
    assert [bool(begin()) for begin in begins] == [True] * 4
    publisher.publish(hints)
    app.close()


def test_new_work_is_refused_before_redis_is_full(board, limit):
    """What is queued needs the rest of the memory; where there is no limit, none is missed."""
    board.refuse_new_work()
    limit(0.75)
    board.refuse_new_work()
    limit(0.85)
    with pytest.raises(RedisFull, match=r"8\d% of the \d+ bytes"):
        board.refuse_new_work()


def test_a_batch_that_ran_full_on_its_way_is_completed_later(board, new_batch, new_specs, limit):
    """Half a batch stays as it is, and the same steps finish it."""
    batch, specs = new_batch("spring", 1_000), new_specs(1_000)
    board.open_batch(batch)
    board.add_items("spring", specs[:500])
    limit(2.0)
    with pytest.raises(RedisFull):
        board.add_items("spring", specs)
    limit(0)
    assert board.open_batch(batch.model_copy(update={"submitted_at": datetime.now(UTC)}))
    board.add_items("spring", specs)
    board.seal_batch("spring")
    assert board.status("spring").open == 1_000


@pytest.mark.parametrize(("share", "verdict"), [(0.5, "ok"), (0.75, "warn"), (0.85, "fail")])
def test_the_doctor_tells_how_full_redis_is(settings, limit, share, verdict):
    """From 70 % on somebody should know, from 80 % on new batches are refused."""
    limit(share)
    checks = {check.name: check for check in check_redis(settings)}
    assert checks["redis memory"].verdict == verdict


def test_claims_outlive_a_redis_that_was_away(board, submit, result, inspector, keys):
    """Nobody swept for a while: leases that ran out meanwhile are held, and reports are taken."""
    submit()
    board.sweep(5)
    claims = [board.claim("spring", number, "w", LEASE) for number in range(2)]
    now = _now(inspector)
    inspector.set(keys.swept, now - 40_000)
    for claim in claims:
        inspector.zadd(keys.claims, {f"spring/{claim.spec.number}": now - 10_000})
    assert board.sweep(5, grace_seconds=LEASE).expired == 0
    board.finish(claims[0], result)
    assert now + 20_000 < inspector.zscore(keys.claims, "spring/1") <= _now(inspector) + 30_000


def test_a_claim_that_is_about_to_run_out_is_held_as_well(board, submit, inspector, keys):
    """Its owner could not renew either, and needs a moment to find Redis again."""
    submit()
    board.sweep(5)
    board.claim("spring", 0, "w", LEASE)
    now = _now(inspector)
    inspector.set(keys.swept, now - 5_000)
    inspector.zadd(keys.claims, {"spring/0": now + 1_000})
    assert board.sweep(5, grace_seconds=LEASE).expired == 0
    assert inspector.zscore(keys.claims, "spring/0") >= now + LEASE * 1_000


def test_a_claim_that_ran_out_before_goes_back_at_once(board, submit, inspector, keys):
    """Only an outage earns a grace; a dead worker does not."""
    submit()
    board.sweep(5)
    board.claim("spring", 0, "w", LEASE)
    inspector.zadd(keys.claims, {"spring/0": _now(inspector) - 1})
    assert board.sweep(5, grace_seconds=LEASE).expired == 1


def test_a_redis_clock_that_goes_back_takes_leases_and_retries_along(
    board, submit, inspector, keys
):
    """An hour back: neither a dead worker's item nor a retry waits for that hour."""
    submit()
    board.sweep(5)
    board.claim("spring", 0, "w", LEASE)
    board.hand_back(board.claim("spring", 1, "w", LEASE), delay_seconds=5, count_delivery=True)
    hour = 3_600_000
    inspector.set(keys.swept, _now(inspector) + hour)
    inspector.zincrby(keys.claims, hour, "spring/0")
    inspector.zincrby(keys.delayed, hour, "spring/1")
    board.sweep(5)
    soon = _now(inspector) + 31_000
    assert inspector.zscore(keys.claims, "spring/0") <= soon
    assert inspector.zscore(keys.delayed, "spring/1") <= soon


def _now(inspector):
    seconds, micros = inspector.time()
    return seconds * 1000 + micros // 1000
