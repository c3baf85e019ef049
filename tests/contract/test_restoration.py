"""Restoration: a batch that Redis lost is filled again, in any order, beside anybody, and once."""

import uuid

import hypothesis
import pytest
import redis
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from shared.board import PastItem, StatusBoard
from shared.errors import BatchIncomplete, BatchRestoring, BatchUnknown, ClaimLost
from shared.jobs import Failure, Item, ItemSpec, Result
from shared.keys import BoardKeys
from shared.settings import Settings
from shared.states import FINAL, ItemState

LEASE = 60.0


@pytest.fixture
def past(new_specs, result, failure):
    """Three items of a lost batch: done, failed, waiting."""
    done, failed, queued = new_specs(3)
    tried = {"deliveries": 2, "retries": 1, "owner": "host/cpu"}
    pinned = done.model_copy(update={"etag": "e1", "size": 9})
    return [
        PastItem(Item(spec=pinned, state=ItemState.DONE, result=result, **tried)),
        PastItem(Item(spec=failed, state=ItemState.FAILED, failure=failure, **tried)),
        PastItem(Item(spec=queued, state=ItemState.QUEUED)),
    ]


@pytest.fixture
def restore(board, new_batch):
    """Restore a batch whole."""

    def restore(past, *, paused=False, cancelled=False):
        board.open_batch(new_batch("spring", len(past)))
        if board.begin_restoring("spring", paused=paused, cancelled=cancelled):
            board.restore_items("spring", past)
            board.seal_restored("spring")

    return restore


def counts(board):
    """The counts that are not zero."""
    return {str(state): count for state, count in board.status("spring").counts.items() if count}


def test_what_was_restored_is_read_back_as_it_was(board, restore, past):
    """Results, failures, tries and pinned sources are those of the lost board."""
    restore(past)
    assert board.items("spring") == [one.item for one in past]
    assert counts(board) == {"done": 1, "failed": 1, "queued": 1}
    assert [item.spec.number for item in board.items("spring", ItemState.DONE)] == [0]
    assert board.status("spring").sealed


def test_only_what_waits_is_given_to_workers(board, restore, past):
    """Nothing that has ended is published or claimed again."""
    restore(past)
    hints = board.take_for_publishing(10, 60)
    assert [hint.message.number for hint in hints] == [2]
    assert [board.claim("spring", number, "w", LEASE) for number in (0, 1)] == [None, None]
    assert board.claim("spring", 2, "w", LEASE)


def test_nothing_is_claimed_or_published_before_the_seal(board, new_batch, past):
    """A batch that is half restored is nobody's work."""
    board.open_batch(new_batch("spring", 3))
    board.begin_restoring("spring", paused=False, cancelled=False)
    board.restore_items("spring", past)
    assert board.take_for_publishing(10, 60) == []
    assert board.claim("spring", 2, "w", LEASE) is None
    board.restore_items("spring", past[:2])
    assert counts(board) == {"done": 1, "failed": 1, "queued": 1}


def test_a_batch_that_is_sealed_stays_as_it_is(board, submit, restore, past, result):
    """Neither items nor flags of a batch on the board are touched."""
    submit()
    board.finish(board.claim("spring", 1, "w", LEASE), result)
    before = board.items("spring"), board.status("spring")
    assert not board.begin_restoring("spring", paused=True, cancelled=True)
    board.restore_items("spring", past)
    board.seal_restored("spring")
    assert (board.items("spring"), board.status("spring")) == before


def test_a_claim_of_the_lost_board_cannot_report_into_one_of_now(board, submit, restore, result):
    """Fences go on above those from before the loss, for items that waited and that had failed."""
    submit("summer", total=1)
    old = board.claim("summer", 0, "old", LEASE).model_copy(update={"batch_id": "spring"})
    restore([PastItem(Item(spec=old.spec, state=ItemState.QUEUED))])
    new = board.claim("spring", 0, "new", LEASE)
    assert new.fence > old.fence + 1
    assert board.renew([old], LEASE).lost == (old,)
    assert not board.hand_back(old)
    with pytest.raises(ClaimLost):
        board.finish(old, result)
    assert board.item("spring", 0).owner == "new"


def test_a_failed_item_can_be_retried(board, restore, past):
    """It waits again, and its next claim is none of the first."""
    restore(past)
    assert board.retry("spring", codes=["mask_empty"]) == 1
    claim = board.claim("spring", 1, "w", LEASE)
    assert claim.fence > 1
    assert (claim.deliveries, claim.retries) == (1, 0)


def test_a_batch_that_is_wholly_restored_ends_once_more(board, restore, past):
    """The steward writes its results again: nobody knows whether they were."""
    restore(past[:1])
    assert board.unended() == ["spring"]
    assert board.mark_ended("spring")


def test_a_paused_batch_waits_for_a_person(board, restore, past):
    """The flag is there before anything is published."""
    restore(past, paused=True)
    assert board.status("spring").paused
    assert board.take_for_publishing(10, 60) == []
    board.resume("spring")
    assert len(board.take_for_publishing(10, 60)) == 1


def test_a_cancelled_batch_stays_cancelled(board, restore, past):
    """Its flag comes back, and with it the refusal of any further work."""
    ended = [*past[:2], PastItem(past[2].item.model_copy(update={"state": ItemState.CANCELLED}))]
    restore(ended, cancelled=True)
    assert counts(board) == {"done": 1, "failed": 1, "cancelled": 1}
    assert board.status("spring").cancelled
    assert board.items("spring") == [one.item for one in ended]


def test_a_submission_cannot_seal_what_is_being_restored(board, new_batch, new_specs, past):
    """It may add what it has; what was restored stays, and who restores seals."""
    board.open_batch(new_batch("spring", 3))
    board.begin_restoring("spring", paused=False, cancelled=False)
    board.restore_items("spring", past[:1])
    board.add_items("spring", new_specs(3))
    with pytest.raises(BatchRestoring):
        board.seal_batch("spring")
    board.restore_items("spring", past)
    board.seal_restored("spring")
    assert board.items("spring") == [one.item for one in past]


def test_a_part_is_not_sealed_and_an_unknown_batch_not_restored(board, new_batch, past):
    """As with a submission."""
    with pytest.raises(BatchUnknown):
        board.begin_restoring("spring", paused=False, cancelled=False)
    with pytest.raises(BatchUnknown):
        board.restore_items("spring", past)
    board.open_batch(new_batch("spring", 3))
    board.begin_restoring("spring", paused=False, cancelled=False)
    board.restore_items("spring", past[1:])
    with pytest.raises(BatchIncomplete):
        board.seal_restored("spring")


def test_several_slices_make_one_batch(board, restore, new_specs, result):
    """More items than a slice, or a round trip, holds are all there."""
    past = [
        PastItem(Item(spec=spec, state=ItemState.DONE, result=result))
        if spec.number % 3
        else PastItem(Item(spec=spec, state=ItemState.QUEUED))
        for spec in new_specs(9_000)
    ]
    restore(past)
    assert counts(board) == {"done": 6_000, "queued": 3_000}
    assert board.items("spring", limit=9_000) == [one.item for one in past]


# --- any interleaving -------------------------------------------------------------------------

TOTAL = 3
SPECS = [
    ItemSpec(number=number, external_id=f"sku-{number}", source=f"s3://shop/{number}.jpg")
    for number in range(TOTAL)
]
MASK_EMPTY = Failure(code="mask_empty", message="Nothing was found.", hint="Supply a mask.")
numbers = st.sets(st.integers(0, TOTAL - 1), min_size=1)
#: What one look at S3 may have told of an item; a later look may tell more.
states = st.sampled_from([ItemState.QUEUED, ItemState.DONE, ItemState.FAILED])


class RestorationMachine(RuleBasedStateMachine):
    """Any number of recoveries, submissions, workers and people, and a plain model beside them."""

    url: str
    new_batch: staticmethod
    result: Result

    def __init__(self) -> None:
        super().__init__()
        namespace = f"t-{uuid.uuid4().hex[:12]}"
        self.keys = BoardKeys(namespace)
        self.redis = redis.Redis.from_url(self.url, decode_responses=True)
        self.board = StatusBoard.connect(Settings(redis_url=self.url, namespace=namespace))
        #: The model: a state for each item that is there.
        self.items: dict[int, ItemState] = {}
        self.restoring = self.sealed = self.cancelled = False
        self.fence = 0

    def teardown(self) -> None:
        """Close what was opened."""
        self.board.close()
        self.redis.close()

    @initialize()
    def open(self):
        """Whoever comes first opens the batch."""
        assert self.board.open_batch(self.new_batch("spring", TOTAL))

    @rule()
    def begin(self):
        """A recovery begins, perhaps not the first."""
        begun = self.board.begin_restoring("spring", paused=False, cancelled=False)
        assert begun == (not self.sealed)
        self.restoring = self.restoring or begun

    @rule(chosen=numbers, state=states)
    def restore(self, chosen, state):
        """A recovery's slice arrives, first, again or late."""
        if not self.restoring and not self.sealed:
            return  # each begins first
        past = [PastItem(self.item(number, state)) for number in sorted(chosen)]
        self.board.restore_items("spring", past)
        for number in chosen if not self.sealed else ():
            if self.items.get(number, ItemState.QUEUED) is ItemState.QUEUED:
                self.items[number] = state

    def item(self, number, state):
        """The item in a state."""
        outcome = {
            ItemState.DONE: {"result": self.result},
            ItemState.FAILED: {"failure": MASK_EMPTY},
        }
        return Item(spec=SPECS[number], state=state, **outcome.get(state, {}))

    @rule(chosen=numbers)
    def add(self, chosen):
        """A submission's slice arrives."""
        self.board.add_items("spring", [SPECS[number] for number in sorted(chosen)])
        for number in chosen if not self.sealed else ():
            self.items.setdefault(number, ItemState.QUEUED)

    @rule(restored=st.booleans())
    def seal(self, restored):
        """Whoever believes to be through seals."""
        seal = self.board.seal_restored if restored else self.board.seal_batch
        if self.restoring and not restored:
            with pytest.raises(BatchRestoring):
                seal("spring")
        elif len(self.items) < TOTAL:
            with pytest.raises(BatchIncomplete):
                seal("spring")
        else:
            seal("spring")
            self.sealed, self.restoring = True, False

    @rule(number=st.integers(0, TOTAL - 1))
    def render(self, number):
        """A worker takes what it may, and its fences grow."""
        claim = self.board.claim("spring", number, "w", LEASE)
        waits = self.items.get(number) is ItemState.QUEUED
        assert bool(claim) == (self.sealed and waits and not self.cancelled)
        if claim:
            self.board.finish(claim, self.result)
            self.items[number] = ItemState.DONE

    @rule(doubts=st.integers(0, 3))
    def cancel(self, doubts):
        """A person cancels, sealed or not; a sweep does the rest."""
        if doubts or (self.sealed and not self.open_items()):
            return
        self.board.cancel("spring")
        self.cancelled = True

    @rule()
    def sweep(self):
        """A dispatcher's sweep goes on with a cancellation, once the batch is sealed."""
        self.board.sweep(5)

    def open_items(self):
        """Items that wait."""
        return [number for number, state in self.items.items() if state not in FINAL]

    @invariant()
    def books_are_in_order(self):
        """Counts sum to the total; each item is in one state, and in its set only."""
        if self.sealed and self.cancelled:
            self.board.cancel("spring")
            self.items |= dict.fromkeys(self.open_items(), ItemState.CANCELLED)
        status = self.board.status("spring")
        found = list(self.items.values())
        absent = TOTAL - len(found)
        expected = {state: found.count(state) for state in ItemState}
        expected[ItemState.QUEUED] += absent
        assert (status.counts, status.sealed) == (expected, self.sealed)
        seen = {
            int(number): state
            for state in ItemState
            for number in self.redis.zrange(self.keys.in_state("spring", state), 0, -1)
        }
        assert seen == self.items
        waiting = self.redis.zrange(self.keys.waiting("spring"), 0, -1)
        assert sorted(map(int, waiting)) == sorted(self.open_items())


def test_no_interleaving_breaks_the_books(redis_server, new_batch, result):
    """Recoveries, submissions, workers and people may come in any order."""
    machine = type(
        "Machine",
        (RestorationMachine,),
        {"url": redis_server.url, "new_batch": staticmethod(new_batch), "result": result},
    )
    patience = hypothesis.settings(max_examples=60, stateful_step_count=40, deadline=None)
    run_state_machine_as_test(machine, settings=patience)
