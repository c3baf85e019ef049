"""Retirement: an ended batch leaves the board whole, once, and nobody can change it afterwards."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from shared.errors import BatchArchived, BatchUnknown, ClaimLost
from shared.states import ItemState

LEASE = 60.0
#: What a board may hold without a batch.
OF_NO_BATCH = {"retired", "archive", "turns", "swept"}


@pytest.fixture
def end(board, submit, failure):
    """Submit a batch, fail its items (the first so many) and cancel the others; ends it."""

    def end(batch_id: str = "spring", total: int = 3, claimed: int = 3) -> str:
        submit(batch_id, total=total)
        for number in range(min(claimed, total)):
            board.finish(board.claim(batch_id, number, "w", LEASE), failure)
        board.cancel(batch_id) if claimed < total else None
        assert board.mark_ended(batch_id)
        return batch_id

    return end


def far() -> datetime:
    """A time by which everything had ended."""
    return datetime.now(UTC) + timedelta(days=1)


def retire(board, batch_id: str = "spring") -> bool:
    """Retire a batch as it stands."""
    return board.retire(board.status(batch_id), far())


def left(inspector, namespace) -> set[str]:
    """The keys that are there, without their namespace."""
    return {key.removeprefix(f"{namespace}:") for key in inspector.scan_iter(f"{namespace}:*")}


def test_nothing_of_a_retired_batch_is_left(board, end, inspector, namespace):
    """Record, specs, outcomes, items, state sets, windows: all but where S3 has it."""
    end(total=5, claimed=2)
    board.set_window("spring", far(), far() + timedelta(hours=1))
    assert retire(board)
    assert board.clear_retired("spring") == 0
    assert left(inspector, namespace) <= OF_NO_BATCH
    assert board.batches() == board.unended() == board.open_batches() == board.retiring() == []
    (entry,) = board.retired()
    assert (entry.batch_id, str(entry.record)) == ("spring", "s3://shop/out/_batches/spring/")


def test_no_batch_leaves_before_its_time(board, end, submit):
    """It must be ended, and by the time that is given; a batch that was never ended stays."""
    end()
    before = board.status("spring").ended_at - timedelta(milliseconds=1)
    assert board.ended_by(before, limit=9) == []
    assert not board.retire(board.status("spring"), before)
    assert board.ended_by(before + timedelta(milliseconds=1), limit=9) == ["spring"]
    submit("autumn")
    assert not retire(board, "autumn")
    assert len(board.batches()) == 2


def test_what_was_retried_since_it_was_read_stays(board, end, failure):
    """Even where all is over again: the results in S3 are from before."""
    end()
    known = board.status("spring")
    board.retry("spring", [0])
    assert board.ended_by(far(), limit=9) == []
    assert not board.retire(known, far())
    board.finish(board.claim("spring", 0, "w", LEASE), failure)
    board.mark_ended("spring")
    assert not board.retire(known, far())
    assert retire(board)


@pytest.mark.parametrize(
    "ask",
    [
        lambda board: board.status("spring"),
        lambda board: board.items("spring"),
        lambda board: board.cancel("spring"),
        lambda board: board.pause("spring"),
        lambda board: board.resume("spring"),
        lambda board: board.promote("spring"),
        lambda board: board.retry("spring"),
        lambda board: board.retry("spring", [0]),
        lambda board: board.set_window("spring", far(), far()),
        lambda board: board.mark_ended("spring"),
    ],
)
def test_whoever_asks_for_a_retired_batch_learns_where_it_is(board, end, ask):
    """One error, which is also the one of an unknown batch, and names the folder in S3."""
    end()
    retire(board)
    with pytest.raises(BatchArchived) as refused:
        ask(board)
    assert refused.value.record == "s3://shop/out/_batches/spring/"
    assert isinstance(refused.value, BatchUnknown)


def test_a_late_worker_leaves_nothing_behind(board, submit, result, inspector, namespace):
    """Its claim is gone with the item; a report under it is refused and writes nothing."""
    submit(total=1)
    claim = board.claim("spring", 0, "w", LEASE)
    board.cancel("spring")
    board.mark_ended("spring")
    retire(board)
    board.clear_retired("spring")
    with pytest.raises(ClaimLost):
        board.finish(claim, result)
    assert board.claim("spring", 0, "w", LEASE) is None
    assert left(inspector, namespace) <= OF_NO_BATCH


def test_an_interrupted_removal_is_continued(board, end, inspector, keys):
    """The batch is gone at once; of its items each run takes a slice, the next goes on."""
    end(total=600, claimed=1)
    retire(board)
    assert board.clear_retired("spring", runs=1) == 350
    assert board.retiring() == ["spring"]
    assert inspector.exists(keys.item("spring", 0))
    assert not inspector.exists(keys.item("spring", 599))
    assert board.clear_retired("spring", runs=1) == 100
    assert board.clear_retired("spring") == board.clear_retired("spring") == 0
    assert board.retiring() == []


def test_a_retired_id_is_not_taken_by_accident(board, end, new_batch):
    """Neither by the same submission nor by another one: the results in S3 are its own."""
    end()
    retire(board)
    with pytest.raises(BatchArchived):
        board.open_batch(new_batch("spring", 3))
    assert board.batches() == []


def test_a_batch_comes_back_clean_out_of_the_middle_of_its_removal(
    board, end, new_batch, new_specs
):
    """What is left of the old items goes first; the new ones all wait, and the index forgets it."""
    end(total=300, claimed=1)
    retire(board)
    assert board.open_batch(new_batch("spring", 300), comes_back=True)
    board.add_items("spring", new_specs(300))
    board.seal_batch("spring")
    assert board.status("spring").counts[ItemState.QUEUED] == 300
    assert {item.state for item in board.items("spring", limit=500)} == {ItemState.QUEUED}
    assert board.retired() == board.retiring() == []


def test_the_index_keeps_the_newest(board, end, inspector, keys):
    """A bounded number, by when they ended; of the others only their folder's name is left."""
    ids = [end(f"night-{number}", total=1) for number in range(3)]
    for number, batch_id in enumerate(ids):
        inspector.zadd(keys.ended, {batch_id: number})
        inspector.hset(keys.batch(batch_id), "ended", number)
        board._connection.run("retire_batch", batch_id, 0, 9, "s3://shop/out/", 2)
    assert [one.batch_id for one in board.retired()] == ["night-2", "night-1"]
    assert inspector.hlen(keys.archive) == 2
    with pytest.raises(BatchUnknown) as gone:
        board.status("night-0")
    assert not isinstance(gone.value, BatchArchived)


def test_a_retry_that_races_wins_or_is_refused(board, end, failure):
    """Never half: either its items wait on a whole batch, or it learns that the batch has left."""
    for number in range(12):
        batch_id = end(f"night-{number}")
        known, together, won = board.status(batch_id), threading.Barrier(2), []

        def retry(batch_id=batch_id, together=together, won=won) -> None:
            together.wait()
            try:
                won.append(board.retry(batch_id))
            except BatchArchived:
                won.append(0)

        racer = threading.Thread(target=retry)
        racer.start()
        together.wait()
        retired = board.retire(known, far())
        racer.join()
        assert won == [0 if retired else 3]
        if not retired:
            assert board.status(batch_id).counts[ItemState.QUEUED] == 3
            assert board.claim(batch_id, 0, "w", LEASE)
