"""The board against a plain model: any interleaving of claims, crashes, cancels and late reports.

Counts always sum to the total; each item is in exactly one state; a queued item of a sealed batch
waits in exactly one place; a running one has exactly one claim.
"""

import uuid
from dataclasses import dataclass

import hypothesis
import pytest
import redis
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from shared.board import StatusBoard
from shared.errors import BatchCancelled, ClaimLost
from shared.jobs import Claim, Failure, ItemSpec, Result
from shared.keys import BoardKeys
from shared.settings import Settings
from shared.states import FINAL, ItemState

LEASE = 3600.0
WINDOW = 1
MOST_DELIVERIES = 2
MOST_STRIKES = 2
SIZES = {"spring": 2, "autumn": 1}
LANES = {"spring": "standard", "autumn": "urgent"}
OWNERS = ("w1", "w2")
#: Where an item is between being queued and being claimed.
WAITING, PUBLISHED, DELAYED = "waiting", "published", "delayed"

batches = st.sampled_from(sorted(SIZES))
owners = st.sampled_from(OWNERS)
#: Every item, and one that there is not.
names = st.sampled_from([("spring", 0), ("spring", 1), ("autumn", 0), ("autumn", 1)])
MASK_EMPTY = Failure(code="mask_empty", message="Nothing was found.", hint="Supply a mask.")


@dataclass(eq=False)
class ModelItem:
    """What the plain model knows of an item."""

    state: ItemState = ItemState.QUEUED
    place: str | None = WAITING
    fence: int = 0
    losses: int = 0
    strikes: int = 0
    owner: str | None = None
    expired: bool = False
    outcome: object = None
    code: str | None = None
    #: The decision that it was moved by last, and what is to be done after it.
    decision: object = None
    frozen: bool = False
    approved: bool = False
    unpublishing: bool = False
    #: A steward has begun to copy its files, and may have been killed.
    copying: bool = False

    def enter(self, state: ItemState, place: str | None = None) -> None:
        """Take a new state; copies of what is not published after all are to be removed."""
        self.unpublishing |= self.copying and state is not ItemState.DONE
        self.copying = False
        self.state, self.place, self.expired, self.approved = state, place, False, False

    def expire(self) -> None:
        """The claim ran out."""
        self.losses += 1
        if self.losses < MOST_DELIVERIES:
            self.enter(ItemState.QUEUED, WAITING)
        else:
            self.enter(ItemState.FAILED)
            self.code = self.outcome = "poison"

    def strike(self) -> None:
        """Its worker died of it, perhaps."""
        self.strikes += 1
        if self.strikes < MOST_STRIKES:
            self.losses += 1
            self.enter(ItemState.QUEUED, WAITING)
        else:
            self.enter(ItemState.FAILED)
            self.code = self.outcome = "poison"


@dataclass
class ModelBatch:
    """What the plain model knows of a batch."""

    items: list[ModelItem]
    cancelled: bool = False
    paused: bool = False
    ended: bool = False

    @property
    def over(self) -> bool:
        """Whether all items have ended."""
        return all(item.state in FINAL for item in self.items)


class BoardMachine(RuleBasedStateMachine):
    """Drives a real board and the model alike; the test sets the first three."""

    url: str
    new_batch: staticmethod
    result: Result
    claims = Bundle("claims")

    def __init__(self) -> None:
        super().__init__()
        namespace = f"t-{uuid.uuid4().hex[:12]}"
        self.keys = BoardKeys(namespace)
        self.redis = redis.Redis.from_url(self.url, decode_responses=True)
        self.board = StatusBoard.connect(Settings(redis_url=self.url, namespace=namespace))
        self.model = {
            name: ModelBatch([ModelItem() for _ in range(size)]) for name, size in SIZES.items()
        }
        self.submit()

    def submit(self) -> None:
        """Fill the board as the model is filled."""
        for name, size in SIZES.items():
            specs = [
                ItemSpec(number=n, external_id=f"sku-{n}", source=f"s3://shop/{n}.jpg")
                for n in range(size)
            ]
            self.board.open_batch(self.new_batch(name, size, lane=LANES[name]))
            self.board.add_items(name, specs)
            self.board.seal_batch(name)

    def teardown(self) -> None:
        """Close what was opened."""
        self.board.close()
        self.redis.close()

    def item(self, claim: Claim) -> ModelItem:
        """The model's item of a claim."""
        return self.model[claim.batch_id].items[claim.spec.number]

    def holds(self, claim: Claim) -> bool:
        """Whether the claim is still the item's."""
        item = self.item(claim)
        return item.state is ItemState.RUNNING and item.fence == claim.fence

    # --- the dispatcher

    @rule(lost=st.booleans())
    def publish(self, lost):
        """Fill the window; where messages were lost, the published ones come again."""
        before = {name for name, item in self.each() if item.place == PUBLISHED}
        if lost:
            self.age(self.keys.published(lane) for lane in LANES.values())
        hints = self.board.take_for_publishing(WINDOW, 60, backlog=0)
        taken = {(hint.message.batch_id, hint.message.number) for hint in hints}
        assert len(taken) == len(hints)
        assert {name for name in taken if name in before} == (before if lost else set())
        for batch_id, number in taken:
            item = self.model[batch_id].items[number]
            assert item.place in {WAITING, PUBLISHED}
            item.place = PUBLISHED
        self.check_windows()

    def check_windows(self):
        """No window is too full, or empty without need."""
        for batch_id, batch in self.model.items():
            published = sum(item.place == PUBLISHED for item in batch.items)
            waiting = sum(item.place == WAITING for item in batch.items)
            assert published <= WINDOW
            assert published == WINDOW or not waiting or batch.paused or batch.cancelled, batch_id

    @rule(due=st.booleans())
    def sweep(self, due):
        """A dispatcher's sweep, before or after the delays have passed."""
        self.put_back(due=due)

    def put_back(self, *, due):
        """Expired claims go back or fail as poison; retries go back when they are due."""
        if due:
            self.age([self.keys.delayed])
        swept = self.board.sweep(MOST_DELIVERIES)
        late = [item for _, item in self.each() if due and item.place == DELAYED]
        expired = [item for _, item in self.each() if item.expired]
        for item in expired:
            item.expire()
        for item in late:
            item.place = WAITING
        assert swept.expired + swept.poisoned == len(expired)
        assert (swept.due, swept.cancelled) == (len(late), 0)

    # --- workers

    @rule(target=claims, name=names, owner=owners)
    def deliver(self, name, owner):
        """A message arrives: a first one, a duplicate, a forged one."""
        claim = self.take(*name, owner)
        return claim or multiple()

    @rule(target=claims, name=names, end=st.sampled_from(["done", "failed", "lost", "back"]))
    def whole_turn(self, name, end):
        """A message arrives, and the item goes its whole way at once."""
        claim = self.take(*name, "w1")
        if claim is None:
            return multiple()
        if end == "done":
            self.report(claim, self.result, ItemState.DONE, None)
        elif end == "failed":
            self.report(claim, MASK_EMPTY, ItemState.FAILED, MASK_EMPTY.code)
        elif end == "lost":
            self.expire("w1")
            self.put_back(due=False)
        else:
            self.give_back(claim, delayed=False, counted=False)
        return claim

    def take(self, batch_id, number, owner):
        """Claim, and expect what the model expects."""
        claim = self.board.claim(batch_id, number, owner, LEASE)
        batch = self.model[batch_id]
        item = batch.items[number] if number < len(batch.items) else None
        if item is None or item.state is not ItemState.QUEUED or item.place == DELAYED:
            assert claim is None
        elif batch.paused:
            assert claim is None
            item.place = WAITING
        else:
            assert claim.fence == item.fence + 1
            item.enter(ItemState.RUNNING)
            item.fence, item.owner = claim.fence, owner
        return claim

    @rule(claim=claims, done=st.booleans())
    def report_again(self, claim, done):
        """A report, perhaps a late one or a repeated one."""
        if done:
            self.report(claim, self.result, ItemState.DONE, None)
        else:
            self.report(claim, MASK_EMPTY, ItemState.FAILED, MASK_EMPTY.code)

    def report(self, claim, outcome, state, code):
        """Finish, and expect what the model expects."""
        item = self.item(claim)
        repeated = (item.state, item.fence, item.outcome) == (state, claim.fence, outcome)
        if self.holds(claim):
            self.board.finish(claim, outcome)
            item.enter(state)
            item.outcome, item.code = outcome, code
        elif repeated:
            self.board.finish(claim, outcome)
        else:
            with pytest.raises(ClaimLost):
                self.board.finish(claim, outcome)

    @rule(claim=claims, delayed=st.booleans(), counted=st.booleans())
    def hand_back(self, claim, delayed, counted):
        """A drain or a retry, perhaps under a lost claim."""
        self.give_back(claim, delayed=delayed, counted=counted)

    def give_back(self, claim, *, delayed, counted):
        """Hand back, and expect what the model expects."""
        held = self.holds(claim)
        delay = LEASE if delayed else 0.0
        given = self.board.hand_back(claim, delay_seconds=delay, count_delivery=counted)
        assert given == held
        if held:
            self.item(claim).enter(ItemState.QUEUED, DELAYED if delayed else WAITING)

    @rule(held=st.lists(claims, max_size=5))
    def renew(self, held):
        """One renewal for all; the lost and the cancelled are named."""
        renewal = self.board.renew(held, LEASE)
        assert set(map(id, renewal.lost)) == {id(c) for c in held if self.verdict(c) == "lost"}
        cancelled = {id(c) for c in held if self.verdict(c) == "cancelled"}
        assert set(map(id, renewal.cancelled)) == cancelled
        for claim in held:
            if self.holds(claim):
                self.item(claim).expired = False

    def verdict(self, claim):
        """What a renewal must say of a claim."""
        item = self.item(claim)
        if self.holds(claim):
            return "held"
        ours = item.state is ItemState.CANCELLED and item.fence == claim.fence
        return "cancelled" if ours else "lost"

    @rule(owner=owners)
    def leases_run_out(self, owner):
        """A host is lost, a process stands still, or Redis' clock jumps."""
        self.expire(owner)

    def expire(self, owner):
        """Let the leases of all of an owner's claims have run out."""
        for (batch_id, number), item in self.running(owner):
            self.redis.zadd(self.keys.claims, {f"{batch_id}/{number}": 1})
            item.expired = True

    @rule(owner=owners, suspects=st.lists(claims, max_size=3))
    def worker_dies(self, owner, suspects):
        """A supervisor sees its child die, and what was at risk then, some of it lost long ago."""
        blamed = {self.item(claim) for claim in suspects if self.holds(claim)}
        mine = [item for _, item in self.running(owner)]
        buried = self.board.bury(owner, [claim.name for claim in suspects], MOST_STRIKES)
        for item in mine:
            if item in blamed:
                item.strike()
            else:
                item.enter(ItemState.QUEUED, WAITING)
        assert sum(buried) == len(mine)
        assert buried.poisoned == sum(item.state is ItemState.FAILED for item in mine)

    def running(self, owner):
        """An owner's running items."""
        return [
            (name, item)
            for name, item in self.each()
            if item.state is ItemState.RUNNING and item.owner == owner
        ]

    # --- people

    @rule(batch_id=batches, doubts=st.integers(0, 3))
    def cancel(self, batch_id, doubts):
        """Everything open ends as cancelled; a batch that is over stays as it is."""
        if doubts:  # else most runs would be over soon
            return
        batch = self.model[batch_id]
        batch.cancelled = batch.cancelled or not batch.over
        moved = self.board.cancel(batch_id)
        open_items = [item for item in batch.items if item.state not in FINAL]
        for item in open_items:
            item.enter(ItemState.CANCELLED)
        assert moved == len(open_items)

    @rule(batch_id=batches, paused=st.sampled_from([False, False, True]))
    def pause_or_resume(self, batch_id, paused):
        """Paused items wait, also those that were published."""
        self.model[batch_id].paused = paused
        (self.board.pause if paused else self.board.resume)(batch_id)
        for item in self.model[batch_id].items:
            if paused and item.place == PUBLISHED:
                item.place = WAITING

    @rule(
        batch_id=batches,
        numbers=st.sampled_from([None, [0], [0, 1, 3]]),
        codes=st.sampled_from([None, {"mask_empty"}, {"poison"}, {"mask_empty", "poison"}]),
    )
    def retry(self, batch_id, numbers, codes):
        """Failed items wait again, as if new, but under growing fences."""
        batch = self.model[batch_id]
        if batch.cancelled:
            with pytest.raises(BatchCancelled):
                self.board.retry(batch_id, numbers, codes)
            return
        chosen = [
            item
            for number, item in enumerate(batch.items)
            if item.state is ItemState.FAILED
            and (numbers is None or number in numbers)
            and (codes is None or item.code in codes)
        ]
        assert self.board.retry(batch_id, numbers, codes) == len(chosen)
        for item in chosen:
            item.enter(ItemState.QUEUED, WAITING)
            item.losses, item.strikes, item.outcome, item.code = 0, 0, None, None
            batch.ended = False

    @rule(batch_id=batches)
    def end(self, batch_id):
        """The steward marks a batch that is over, and no other."""
        batch = self.model[batch_id]
        assert self.board.mark_ended(batch_id) == batch.over
        batch.ended = batch.over

    # --- what always holds

    def each(self):
        """Every item with its batch and number."""
        for name, batch in self.model.items():
            for number, item in enumerate(batch.items):
                yield (name, number), item

    def age(self, names):
        """Let an age pass for all members of some sorted sets."""
        for name in names:
            for member in self.redis.zrange(name, 0, -1):
                self.redis.zadd(name, {member: 1})

    def look(self):
        """What Redis holds: sorted sets, sets and hashes by key; in one round trip."""
        ordered = [self.keys.delayed, self.keys.claims]
        ordered += [self.keys.published(lane) for lane in LANES.values()]
        ordered += [self.keys.waiting(name) for name in SIZES]
        ordered += [self.keys.in_state(name, state) for name in SIZES for state in ItemState]
        plain = [self.keys.ending, *(self.keys.owned(owner) for owner in OWNERS)]
        hashes = [self.keys.batch(name) for name in SIZES]
        hashes += [self.keys.item(*name) for name, _ in self.each()]
        with self.redis.pipeline(transaction=False) as pipeline:
            for key in ordered:
                pipeline.zrange(key, 0, -1)
            for key in plain:
                pipeline.smembers(key)
            for key in hashes:
                pipeline.hgetall(key)
            return dict(zip(ordered + plain + hashes, pipeline.execute(), strict=True))

    @invariant()
    def books_are_in_order(self):
        """After every step the board says what the model says."""
        seen = self.look()
        self.check_states(seen)
        self.check_places(seen)
        for name, batch in self.model.items():
            record = seen[self.keys.batch(name)]
            states = [item.state for item in batch.items]
            counts = {state: int(record.get(f"n:{state}", 0)) for state in ItemState}
            assert counts == {state: states.count(state) for state in ItemState}
            flags = ["cancelled" in record, "paused" in record, "ended" in record]
            assert flags == [batch.cancelled, batch.paused, batch.ended]

    def check_states(self, seen):
        """Each item is in the set of its state, in no other, and its record says so."""
        for name, batch in self.model.items():
            in_state = ((state, seen[self.keys.in_state(name, state)]) for state in ItemState)
            found = sorted((int(number), state) for state, ns in in_state for number in ns)
            assert found == list(enumerate(item.state for item in batch.items))
        for name, item in self.each():
            record = seen[self.keys.item(*name)]
            assert record.get("state", "queued") == item.state
            assert int(record.get("fence", 0)) == item.fence
        over = {name for name, batch in self.model.items() if batch.over and not batch.ended}
        assert seen[self.keys.ending] == over

    def check_places(self, seen):
        """A queued item waits in one place, a running one has one claim and one owner."""
        waiting = [f"{name}/{n}" for name in SIZES for n in seen[self.keys.waiting(name)]]
        published = [name for lane in LANES.values() for name in seen[self.keys.published(lane)]]
        assert sorted(waiting) == self.named(lambda item: item.place == WAITING)
        assert sorted(published) == self.named(lambda item: item.place == PUBLISHED)
        delayed = self.named(lambda item: item.place == DELAYED)
        assert sorted(seen[self.keys.delayed]) == delayed
        running = self.named(lambda item: item.state is ItemState.RUNNING)
        owned = [name for owner in OWNERS for name in seen[self.keys.owned(owner)]]
        assert sorted(seen[self.keys.claims]) == sorted(owned) == running

    def named(self, wanted):
        """The items that the model picks, as the board names them."""
        return sorted(f"{batch}/{n}" for (batch, n), item in self.each() if wanted(item))


def test_no_interleaving_breaks_the_books(redis_server, new_batch, result):
    """Whatever workers, dispatchers, stewards and people do, in any order."""
    machine = type(
        "Machine",
        (BoardMachine,),
        {"url": redis_server.url, "new_batch": staticmethod(new_batch), "result": result},
    )
    patience = hypothesis.settings(max_examples=60, stateful_step_count=50, deadline=None)
    run_state_machine_as_test(machine, settings=patience)
