"""Control: cancel, pause, retry and end, each at once, each honest about what it did."""

import pytest

from shared.errors import BatchCancelled
from shared.states import ItemState

LEASE = 60.0


def counts(board, batch_id) -> dict[str, int]:
    """The counts that are not zero."""
    found = board.status(batch_id).counts
    return {str(state): count for state, count in found.items() if count}


def test_cancel_ends_what_is_open_and_keeps_what_is_done(board, submit, result, failure):
    """Done and failed items stay; queued and running ones are cancelled."""
    submit(total=1_203)
    board.finish(board.claim("spring", 0, "w", LEASE), result)
    board.finish(board.claim("spring", 1, "w", LEASE), failure)
    board.claim("spring", 2, "w", LEASE)
    assert board.cancel("spring") == 1_201
    assert counts(board, "spring") == {"done": 1, "failed": 1, "cancelled": 1_201}
    assert board.status("spring").cancelled
    assert board.cancel("spring") == 0


def test_a_cancelled_retry_is_not_waited_for(board, submit, inspector, keys):
    """An item cancelled while its retry was delayed leaves nothing behind."""
    submit(total=1)
    claim = board.claim("spring", 0, "w", LEASE)
    board.hand_back(claim, delay_seconds=60, count_delivery=True)
    board.cancel("spring")
    assert counts(board, "spring") == {"cancelled": 1}
    assert not inspector.exists(keys.delayed, keys.waiting("spring"), keys.lane("standard"))


def test_a_finished_batch_cannot_be_cancelled_any_more(board, submit, result):
    """Cancelling what has ended changes nothing."""
    submit(total=1)
    board.finish(board.claim("spring", 0, "w", LEASE), result)
    assert board.cancel("spring") == 0
    assert not board.status("spring").cancelled


def test_a_half_submitted_batch_can_be_cancelled(board, new_batch, new_specs):
    """Cancelled before it is sealed, a batch never renders; its items follow once it is."""
    board.open_batch(new_batch("spring", 2))
    board.add_items("spring", new_specs(2))
    board.cancel("spring")
    board.seal_batch("spring")
    assert board.take_for_publishing(10, 60) == []
    board.sweep(5)
    assert counts(board, "spring") == {"cancelled": 2}
    assert board.unended() == ["spring"]


def test_a_sweep_finishes_a_cancellation_that_died(board, submit, inspector, keys):
    """A canceller that set the flag and died leaves no item behind."""
    submit(total=700)
    board._connection.run("cancel_batch", "spring", 1)
    assert counts(board, "spring") == {"queued": 699, "cancelled": 1}
    assert board.claim("spring", 5, "w", LEASE) is None
    while board.sweep(5).cancelled:
        pass
    assert counts(board, "spring") == {"cancelled": 700}
    assert not inspector.exists(keys.cancelling)


def test_retry_queues_failed_items_afresh(board, submit, failure):
    """Counters, failure and the pinned source are forgotten; the fence goes on growing."""
    submit(total=2)
    claim = board.claim("spring", 0, "w", LEASE)
    board.pin_source(claim, "old", 10)
    board.finish(claim, failure)
    assert board.retry("spring") == 1
    item = board.item("spring", 0)
    assert (item.state, item.deliveries, item.failure) == (ItemState.QUEUED, 0, None)
    assert item.spec.etag is None
    again = board.claim("spring", 0, "w", LEASE)
    assert again.fence > claim.fence
    assert board.pin_source(again, "new", 20) == ("new", 20)


def test_retry_forgets_the_etag_of_the_submission_too(board, new_batch, new_specs, failure):
    """An item that failed because its source was replaced renders the new one."""
    board.open_batch(new_batch("spring", 1))
    board.add_items("spring", [new_specs(1)[0].model_copy(update={"etag": "listed", "size": 5})])
    board.seal_batch("spring")
    claim = board.claim("spring", 0, "w", LEASE)
    assert claim.spec.etag == "listed"
    board.finish(claim, failure)
    board.retry("spring")
    assert board.claim("spring", 0, "w", LEASE).spec.etag is None


def test_retry_takes_only_what_was_asked_for(board, submit, failure):
    """Numbers and codes both narrow the choice; items that did not fail are left alone."""
    submit(total=5)
    other = failure.model_copy(update={"code": "object_missing"})
    for number, outcome in enumerate([failure, other, failure, other]):
        board.finish(board.claim("spring", number, "w", LEASE), outcome)
    assert board.retry("spring", codes=[]) == 0
    assert board.retry("spring", numbers=[]) == 0
    assert board.retry("spring", numbers=[0, 1, 4], codes=["mask_empty"]) == 1
    assert board.retry("spring", codes={"object_missing"}) == 2
    assert board.retry("spring", numbers=[2, 4]) == 1
    assert counts(board, "spring") == {"queued": 5}


def test_retry_walks_through_many_slices(board, submit, failure):
    """More failed items than a slice holds are all queued, and those of other codes are not."""
    submit(total=1_100, breaker=None)
    for number in range(1_100):
        code = "mask_empty" if number % 11 else "object_missing"
        outcome = failure.model_copy(update={"code": code})
        board.finish(board.claim("spring", number, "w", LEASE), outcome)
    assert board.retry("spring", codes=["mask_empty"]) == 1_000
    assert counts(board, "spring") == {"queued": 1_000, "failed": 100}


def test_a_cancelled_batch_takes_no_retry(board, submit, failure):
    """What a person cancelled stays as it is."""
    submit(total=2)
    board.finish(board.claim("spring", 0, "w", LEASE), failure)
    board.cancel("spring")
    with pytest.raises(BatchCancelled):
        board.retry("spring")


def test_a_paused_batch_waits_and_goes_on(board, submit):
    """Paused, nothing of it is published or claimed; resumed, all of it is."""
    submit(total=6)
    taken = board.take_for_publishing(2, 60)
    board.pause("spring")
    assert board.status("spring").paused
    assert board.claim("spring", taken[0].message.number, "w", LEASE) is None
    assert board.take_for_publishing(2, 0) == []
    board.resume("spring")
    assert [hint.message.number for hint in board.take_for_publishing(6, 60)] == list(range(6))


def test_a_paused_batch_leaves_the_window_to_others(board, submit):
    """Published items of a paused batch do not block the lane."""
    submit("first", 5)
    board.take_for_publishing(3, 60)
    board.pause("first")
    submit("second", 5)
    assert {hint.message.batch_id for hint in board.take_for_publishing(3, 60)} == {"second"}


def test_a_batch_ends_once_until_it_is_retried(board, submit, result, failure):
    """`unended` lists a batch from its last final report until it is marked; a retry undoes it."""
    submit(total=2)
    assert board.unended() == []
    board.finish(board.claim("spring", 0, "w", LEASE), result)
    assert not board.mark_ended("spring")
    board.finish(board.claim("spring", 1, "w", LEASE), failure)
    assert board.unended() == ["spring"]
    assert board.mark_ended("spring")
    ended_at = board.status("spring").ended_at
    assert ended_at is not None
    assert board.mark_ended("spring")
    assert board.status("spring").ended_at == ended_at
    assert board.unended() == []
    board.retry("spring")
    assert board.status("spring").ended_at is None
    board.finish(board.claim("spring", 1, "w", LEASE), result)
    assert board.unended() == ["spring"]


def test_results_of_before_a_retry_do_not_end_a_batch(board, submit, failure):
    """A steward that read the items before a retry cannot mark what came after it."""
    submit(total=1)
    board.finish(board.claim("spring", 0, "w", LEASE), failure)
    seen = board.status("spring").revision
    board.retry("spring")
    assert board.unended() == []
    board.finish(board.claim("spring", 0, "w", LEASE), failure)
    assert not board.mark_ended("spring", revision=seen)
    assert board.unended() == ["spring"]
    assert board.mark_ended("spring", revision=board.status("spring").revision)


def test_times_of_a_batch_are_in_order(board, submit, result):
    """The first claim comes before the last report; both are aware times."""
    submit(total=1)
    assert board.status("spring").first_claim_at is None
    board.finish(board.claim("spring", 0, "w", LEASE), result)
    status = board.status("spring")
    assert status.first_claim_at <= status.last_report_at
