"""Claims: one holder at a time, fenced, leased, and honest about who may still report."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from infra.demo import services
from shared.board import StatusBoard
from shared.errors import ClaimLost, RedisUnreachable
from shared.jobs import Claim
from shared.settings import Settings
from shared.states import ItemState

LEASE = 60.0
STRIKES = 3
#: Shorter than any test waits.
SHORT_LEASE = 0.02


def state(board, number: int = 0) -> ItemState:
    """The state of an item of the one batch."""
    return board.item("spring", number).state


def test_an_item_has_one_holder(board, submit):
    """Of many who claim at once, exactly one gets the item."""
    submit(total=1)

    def claim(worker: int) -> Claim | None:
        return board.claim("spring", 0, f"w{worker}", LEASE)

    with ThreadPoolExecutor(8) as pool:
        claims = [claim for claim in pool.map(claim, range(32)) if claim]
    assert len(claims) == 1
    assert board.item("spring", 0).owner == claims[0].owner


def test_a_done_item_keeps_its_result(board, submit, result):
    """The report is read back as it was given; the item cannot be claimed again."""
    submit()
    board.finish(board.claim("spring", 0, "w", LEASE), result)
    assert board.item("spring", 0).result == result
    assert board.claim("spring", 0, "w", LEASE) is None


def test_a_failed_item_keeps_its_failure(board, submit, failure):
    """Code, message, hint and details come back."""
    submit()
    outcome = failure.model_copy(update={"details": {"area": 0.5, "prompts": ["dress"]}})
    board.finish(board.claim("spring", 0, "w", LEASE), outcome)
    assert board.item("spring", 0).failure == outcome
    assert board.claim("spring", 0, "w", LEASE) is None


@pytest.mark.parametrize(("batch_id", "number"), [("nothing", 0), ("spring", 3), ("spring", 9**20)])
def test_a_forged_message_claims_nothing(board, submit, batch_id, number):
    """Unknown batches and numbers are nothing to do, not errors."""
    submit(total=3)
    assert board.claim(batch_id, number, "w", LEASE) is None


def test_a_repeated_report_counts_once(board, submit, result):
    """A report repeated after a lost answer is accepted and changes nothing."""
    submit(total=2)
    claim = board.claim("spring", 0, "w", LEASE)
    board.finish(claim, result)
    board.finish(claim, result)
    assert board.status("spring").counts[ItemState.DONE] == 1


def test_a_late_report_of_the_same_end_is_refused_too(board, submit, result, expire):
    """Only the holder's own report may be repeated: an old fence never counts."""
    submit(total=1)
    late = board.claim("spring", 0, "late", LEASE)
    expire("late")
    board.sweep(5)
    board.finish(board.claim("spring", 0, "fresh", LEASE), result)
    with pytest.raises(ClaimLost):
        board.finish(late, result)


def test_a_claim_repeated_after_a_lost_answer_is_the_same_claim(board, submit):
    """The attempt's nonce makes the script repeatable; another attempt is refused."""
    submit()
    arguments = ("claim", "spring", 0, "w", 60_000)
    first = board._connection.run(*arguments, "nonce-1")
    assert board._connection.run(*arguments, "nonce-1") == first
    assert board._connection.run(*arguments, "nonce-2") == []
    assert board.item("spring", 0).deliveries == 1


def test_an_expired_claim_goes_to_another_worker(board, submit, result, eventually):
    """After the lease a sweep puts the item back; a report under the old fence is refused."""
    submit(total=1)
    late = board.claim("spring", 0, "late", SHORT_LEASE)
    eventually(lambda: board.sweep(5).expired)
    assert state(board) is ItemState.QUEUED
    fresh = board.claim("spring", 0, "fresh", LEASE)
    assert fresh.fence > late.fence
    assert fresh.deliveries == 2
    with pytest.raises(ClaimLost):
        board.finish(late, result)
    assert board.renew([late, fresh], LEASE).lost == (late,)
    assert board.hand_back(late) is False
    with pytest.raises(ClaimLost):
        board.pin_source(late, "etag", 1)
    board.finish(fresh, result)
    assert state(board) is ItemState.DONE


def test_a_late_report_counts_while_nobody_took_the_item(board, submit, result, eventually):
    """A lease that ran out unnoticed wastes no finished picture."""
    submit(total=1)
    claim = board.claim("spring", 0, "w", SHORT_LEASE)
    eventually(lambda: expired(board))
    board.finish(claim, result)
    assert state(board) is ItemState.DONE
    assert board.sweep(5).expired == 0


def expired(board) -> bool:
    """Whether the one claim's lease has ended by Redis' clock."""
    connection = board._connection
    (_, until), *_ = connection._client.zrange(
        f"{connection._prefix}:claims", 0, 0, withscores=True
    )
    seconds, micros = connection._client.time()
    return seconds * 1000 + micros // 1000 > until


def test_renewal_keeps_a_claim(board, submit, eventually):
    """A renewed claim outlives its first lease."""
    submit(total=2)
    kept = board.claim("spring", 0, "w", SHORT_LEASE)
    left = board.claim("spring", 1, "w", SHORT_LEASE)
    renewal = board.renew([kept], LEASE)
    assert (renewal.lost, renewal.cancelled) == ((), ())
    eventually(lambda: board.sweep(5).expired)
    assert state(board, 0) is ItemState.RUNNING
    assert state(board, left.spec.number) is ItemState.QUEUED


def test_renewal_tells_of_cancelled_batches(board, submit, result):
    """A worker learns within one renewal that its items were cancelled, and by no report."""
    submit("spring", 2)
    submit("autumn", 1)
    running = board.claim("spring", 0, "w", LEASE)
    other = board.claim("autumn", 0, "w", LEASE)
    board.cancel("spring")
    renewal = board.renew([running, other], LEASE)
    assert (renewal.lost, renewal.cancelled) == ((), (running,))
    with pytest.raises(ClaimLost):
        board.finish(running, result)
    assert board.hand_back(running) is False
    assert state(board) is ItemState.CANCELLED


def test_a_flag_alone_stops_a_running_item(board, submit, result):
    """Between the flag and the item's own move, reports and hand-backs end it as cancelled."""
    submit(total=4)
    first, second, third = (board.claim("spring", number, "w", LEASE) for number in range(3))
    board._connection._client.hset(f"{board._connection._prefix}:batch:spring", "cancelled", 1)
    with pytest.raises(ClaimLost):
        board.finish(first, result)
    assert board.hand_back(second) is False
    assert board.renew([third], LEASE).cancelled == (third,)
    assert board.claim("spring", 3, "w", LEASE) is None
    assert board.status("spring").counts[ItemState.CANCELLED] == 4


def test_renewing_nothing_asks_nobody():
    """An idle worker's heartbeat needs no Redis for its claims."""
    url = f"redis://127.0.0.1:{services.free_port()}/0"
    assert StatusBoard.connect(Settings(redis_url=url)).renew([], LEASE).lost == ()


def test_the_first_pin_stays(board, submit):
    """Every claim of an item renders the same object, or learns that it is gone."""
    submit()
    claim = board.claim("spring", 0, "w", LEASE)
    assert board.pin_source(claim, '"one"', 10) == ('"one"', 10)
    assert board.pin_source(claim, '"two"', 20) == ('"one"', 10)
    board.hand_back(claim)
    again = board.claim("spring", 0, "w", LEASE)
    assert (again.spec.etag, again.spec.size) == ('"one"', 10)


def test_a_drained_item_is_as_if_never_claimed(board, submit):
    """A drain's hand-back counts neither as a delivery nor as a retry."""
    submit(total=1)
    assert board.hand_back(board.claim("spring", 0, "w", LEASE))
    item = board.item("spring", 0)
    assert (item.state, item.deliveries, item.retries) == (ItemState.QUEUED, 0, 0)
    assert len(board.take_for_publishing(4, 60)) == 1


def test_a_retry_waits_for_its_time(board, submit, inspector, keys):
    """A delayed item is neither published nor claimed before it is due, then both."""
    submit(total=1)
    claim = board.claim("spring", 0, "w", LEASE)
    assert board.hand_back(claim, delay_seconds=3600, count_delivery=True)
    assert board.item("spring", 0).retries == 1
    assert board.claim("spring", 0, "w", LEASE) is None
    assert board.sweep(5).due == 0
    assert board.take_for_publishing(4, 60) == []
    inspector.zadd(keys.delayed, {"spring/0": 1})
    assert board.sweep(5).due == 1
    assert len(board.take_for_publishing(4, 60)) == 1
    assert board.claim("spring", 0, "w", LEASE).retries == 1


def test_an_item_that_never_comes_back_is_poison(board, submit, eventually):
    """After so many claims without an end the item fails, with the registered words."""
    submit(total=1)
    for _ in range(3):
        board.claim("spring", 0, "w", SHORT_LEASE)
        swept = eventually(lambda: moved(board.sweep(3)))
    assert (swept.expired, swept.poisoned) == (0, 1)
    item = board.item("spring", 0)
    assert item.state is ItemState.FAILED
    assert item.failure.code == "poison"
    assert item.failure.message == (
        "The item is not tried again: 3 workers took it and never reported."
    )
    assert board.retry("spring", codes=["poison"]) == 1
    assert board.claim("spring", 0, "w", LEASE).deliveries == 1


def moved(swept):
    """The sweep, if it moved an item."""
    return swept if swept.expired or swept.poisoned else None


def test_retries_and_drains_are_no_step_towards_poison(board, submit, expire):
    """Only claims that ran out count against an item."""
    submit(total=1)
    for _ in range(5):
        board.hand_back(board.claim("spring", 0, "w", LEASE), count_delivery=True)
        board.hand_back(board.claim("spring", 0, "w", LEASE), count_delivery=False)
    board.claim("spring", 0, "w", LEASE)
    expire("w")
    assert board.sweep(2).expired == 1


def test_a_dead_owners_claims_end_at_once(board, submit):
    """A supervisor that saw its child die need not wait for leases; others' claims stay."""
    submit(total=3)
    board.claim("spring", 0, "dead", 3600)
    board.claim("spring", 1, "dead", 3600)
    board.claim("spring", 2, "alive", 3600)
    assert board.bury("dead", [], STRIKES).back == 2
    assert [state(board, number) for number in range(3)] == [
        ItemState.QUEUED,
        ItemState.QUEUED,
        ItemState.RUNNING,
    ]
    assert board.bury("dead", [], STRIKES) == (0, 0, 0, 0)
    assert board.item("spring", 0).deliveries == 0


def test_a_suspect_is_poison_at_its_last_strike_and_its_mates_are_not(board, submit):
    """Each death strikes what was at risk; it says so at its next claim; the others never died."""
    submit(total=2)
    for strike in range(STRIKES):
        suspect, mate = (board.claim("spring", number, "dead", LEASE) for number in (0, 1))
        assert (suspect.strikes, suspect.suspect) == (strike, strike > 0)
        assert (mate.strikes, mate.deliveries) == (0, 1)
        last = strike == STRIKES - 1
        buried = board.bury("dead", [suspect.name], STRIKES)
        assert buried == (1, 0 if last else 1, 1 if last else 0, 0)
    failed = board.item("spring", 0)
    assert (failed.state, failed.failure.code) == (ItemState.FAILED, "poison")
    assert f"died {STRIKES} times" in failed.failure.message
    assert board.retry("spring") == 1
    assert board.claim("spring", 0, "w", LEASE).strikes == 0


def test_a_funeral_repeated_after_a_lost_answer_strikes_once(board, submit):
    """And what was claimed anew meanwhile is nobody's to strike."""
    submit(total=1)
    claim = board.claim("spring", 0, "dead", LEASE)
    assert board.bury("dead", [claim.name], STRIKES).struck == 1
    again = board.claim("spring", 0, "dead", LEASE)
    assert board.bury("dead", [claim.name], STRIKES) == (1, 0, 0, 0)
    assert board.item("spring", 0).strikes == 1
    assert again.fence > claim.fence


def test_a_suspect_is_struck_though_it_is_also_named_under_a_lost_claim(board, submit):
    """In whatever order: what was at risk may tell of a claim from long ago, too."""
    submit(total=1)
    old = board.claim("spring", 0, "dead", LEASE)
    board.bury("dead", [], STRIKES)
    for names in (lambda new: [new.name, old.name], lambda new: [old.name, new.name]):
        new = board.claim("spring", 0, "dead", LEASE)
        assert board.bury("dead", names(new), STRIKES).struck == 1
    assert board.item("spring", 0).strikes == 2


def test_a_cancelled_suspect_is_cancelled(board, submit, inspector, keys):
    """Nobody wants to know any more."""
    submit(total=2)
    claim = board.claim("spring", 0, "dead", LEASE)
    inspector.hset(keys.batch("spring"), "cancelled", 1)
    assert board.bury("dead", [claim.name], 1) == (0, 0, 0, 1)
    assert state(board) is ItemState.CANCELLED


def test_a_killed_redis_loses_no_acknowledged_move(tmp_path, new_batch, new_specs, result):
    """Redis dies by SIGKILL amid a batch: after its restart every item ends exactly once."""
    total, port, folder = 400, services.free_port(), tmp_path / "redis"
    board = StatusBoard.connect(Settings(redis_url=f"redis://127.0.0.1:{port}/0"))
    reports: list[int] = []
    with services.redis_server(folder, port=port) as server:
        board.open_batch(new_batch("spring", total))
        board.add_items("spring", new_specs(total))
        board.seal_batch("spring")
        threads = [
            threading.Thread(target=work, args=(board, f"w{n}", result, reports)) for n in range(4)
        ]
        for thread in threads:
            thread.start()
        while len(reports) < total // 4:
            threads[0].join(0.01)
        server.process.kill()
        server.process.wait()
    with services.redis_server(folder, port=port):
        for thread in threads:
            thread.join()
        assert board.status("spring").counts[ItemState.DONE] == total
        assert sorted(reports) == list(range(total))
        assert board.unended() == ["spring"]
    board.close()


def work(board, owner: str, result, reports: list[int]) -> None:
    """A worker that claims what is queued, reports it, and bears Redis' absence."""
    while True:
        try:
            board.bury(owner, [], STRIKES)
            board.sweep(1_000)
            queued = board.items("spring", ItemState.QUEUED, limit=10)
            if not queued and not board.status("spring").open:
                return
            for item in queued:
                if claim := board.claim("spring", item.spec.number, owner, LEASE):
                    finish(board, claim, result)
                    reports.append(claim.spec.number)
        except RedisUnreachable:
            continue


def finish(board, claim: Claim, result) -> None:
    """Report until Redis has answered: a repeated report counts once."""
    while True:
        try:
            return board.finish(claim, result)
        except RedisUnreachable:
            continue
