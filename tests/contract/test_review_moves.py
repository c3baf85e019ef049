"""Review against a plain model: people who decide and take back, among all that `test_moves` does.

Counts always sum to the total; of two decisions the first wins; nothing is taken back of which
something was made; what is to be copied is exactly what was decided.
"""

import hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, invariant, multiple, rule, run_state_machine_as_test

from shared.gate import FrozenMask, Gate
from shared.jobs import Held
from shared.review import Decision
from shared.states import FINAL, ItemState
from tests.contract.test_moves import (
    MASK_EMPTY,
    SIZES,
    WAITING,
    BoardMachine,
    batches,
    names,
)

FROZEN = FrozenMask(address="s3://shop/out/_staging/a.frozen.png", sha256="0" * 64)
CLEAR = Gate(score=1, reasons=(), coverage=0.5, margin=0.5, pieces=1, border=0)
FLAGGED = Held(stage="mask", mask=FROZEN, gate=CLEAR.model_copy(update={"reasons": ("too_large",)}))
ASKED = Held(stage="mask", mask=FROZEN, gate=CLEAR)

kinds = st.sampled_from(["flagged", "asked", "painted"])
numbers = st.sampled_from([[0], [1], [0, 1, 3]])
ACTIONS = ("approve", "reject")
actions = st.sampled_from(ACTIONS)
#: Cancelling is rare, since nothing comes after it.
steps = st.sampled_from(["undo", "publish", "files", "paint", *ACTIONS] * 2 + ["cancel"])


class ReviewMachine(BoardMachine):
    """Adds what is held and who decides it."""

    decisions = Bundle("decisions")

    def __init__(self) -> None:
        super().__init__()
        self.painted = Held(stage="result", gate=CLEAR, result=self.result)
        self.held = {"flagged": FLAGGED, "asked": ASKED, "painted": self.painted}
        self.made = {}
        self.undone = {}

    # --- workers

    def take(self, batch_id, number, owner):
        """A claim has the mask that was approved, and no other."""
        claim = super().take(batch_id, number, owner)
        if claim:
            assert (claim.frozen == FROZEN) == self.item(claim).frozen
        return claim

    @rule(target=BoardMachine.claims, name=names, kind=kinds)
    def held_turn(self, name, kind):
        """A message arrives, and the item goes its way to a person."""
        claim = self.take(*name, "w1")
        if claim is None:
            return multiple()
        self.report(claim, self.held[kind], ItemState.HELD, None)
        return claim

    @rule(claim=BoardMachine.claims, kind=kinds)
    def hold_again(self, claim, kind):
        """A report that something is to be looked at, perhaps a late or a repeated one."""
        self.report(claim, self.held[kind], ItemState.HELD, None)

    # --- people

    @rule(target=decisions, batch_id=batches, chosen=numbers, action=actions)
    def decide(self, batch_id, chosen, action):
        """Some of the items are held; the others are passed over."""
        return self.say(batch_id, chosen, action)

    @rule(name=names, kind=kinds, action=actions, then=st.lists(steps, max_size=5))
    def whole_review(self, name, kind, action, then):
        """An item is held and decided at once, and then much becomes of it."""
        claim = self.take(*name, "w1")
        if claim:
            self.report(claim, self.held[kind], ItemState.HELD, None)
        decided = self.say(name[0], [name[1]], action)
        for step in then:
            decided = self.follow(step, name, decided)

    def follow(self, step, name, decided):
        """One thing that becomes of a decided item; returns the newest decision."""
        if step == "paint":
            claim = self.take(*name, "w1")
            if claim:
                self.report(claim, MASK_EMPTY, ItemState.FAILED, MASK_EMPTY.code)
            self.retry(name[0], None, None)
        elif step in ACTIONS:
            return self.say(name[0], [name[1]], step)
        elif step == "cancel":
            self.cancel(name[0], 0)
        elif step == "undo":
            self.undo(decided)
        else:
            {"publish": self.publish_all, "files": self.take_files_back}[step]()
        return decided

    def say(self, batch_id, chosen, action):
        """Decide, and expect what the model expects."""
        decision = Decision(id=f"d{len(self.made)}", action=action, by="mia")
        items = dict(enumerate(self.model[batch_id].items))
        moved = []
        for number in chosen:
            item = items.get(number)
            if item and not self.model[batch_id].cancelled and self.waits(item):
                moved.append((item, self.apply(item, action)))
                item.decision = decision.id
        made = self.board.decide(batch_id, decision, chosen)
        assert (made.moved, made.skipped) == (len(moved), len(chosen) - len(moved))
        self.made[decision.id] = (batch_id, decision, chosen, made, moved)
        return decision.id

    def waits(self, item):
        """Whether it is a person's turn."""
        return item.state is ItemState.HELD and not item.approved and not item.unpublishing

    def apply(self, item, action):
        """Decide in the model; returns what kind of change it was."""
        if action == "reject":
            item.enter(ItemState.REJECTED)
            return "rejected"
        if item.outcome in (FLAGGED, ASKED):
            item.enter(ItemState.QUEUED, WAITING)
            item.frozen, item.losses = True, 0
            return "mask"
        item.approved = True
        return "result"

    @rule(decision_id=decisions)
    def decide_again(self, decision_id):
        """An answer was lost; the same decision says the same and changes nothing."""
        batch_id, decision, chosen, made, _ = self.made[decision_id]
        assert self.board.decide(batch_id, decision, chosen) == made

    @rule(decision_id=decisions)
    def undo(self, decision_id):
        """What nothing was made of is as before; a second time says the same."""
        batch_id, _, _, _, moved = self.made[decision_id]
        batch = self.model[batch_id]
        undone = self.board.undo(batch_id, decision_id, "leo")
        if decision_id not in self.undone:
            back = [
                not batch.cancelled and item.decision == decision_id and self.take_back(item, kind)
                for item, kind in moved
            ]
            self.undone[decision_id] = (back.count(True), back.count(False))
            batch.ended = batch.ended and batch.over
        assert (undone.moved, undone.too_late) == self.undone[decision_id]

    def take_back(self, item, kind):
        """Undo in the model; returns whether it was in time."""
        if kind == "mask":
            in_time = item.state is ItemState.QUEUED and item.outcome is not None
        elif kind == "rejected":
            in_time = item.state is ItemState.REJECTED
        else:
            in_time = item.approved or item.state is ItemState.DONE
        if in_time:
            item.unpublishing = item.state is ItemState.DONE
            item.frozen = item.frozen and kind != "mask"
            item.enter(ItemState.HELD)
            item.decision = None
        return in_time

    # --- the steward

    @rule()
    def publish_all(self):
        """What was approved is offered, and done when it is copied."""
        offered = self.board.to_publish(9, lease_seconds=0)
        assert sorted((one.batch_id, one.item.spec.number) for one in offered) == [
            name for name, item in sorted(self.each()) if item.approved
        ]
        for batch_id, item, *_ in offered:
            assert self.board.published(batch_id, item.spec.number, self.result)
            published = self.model[batch_id].items[item.spec.number]
            published.enter(ItemState.DONE)
            published.outcome = self.result

    @rule(name=names)
    def publish_too_late(self, name):
        """A steward that copied for long: only what is approved, or done so, counts."""
        batch_id, number = name
        item = dict(self.each()).get(name)
        counts = item is not None and (
            item.approved or (item.state is ItemState.DONE and item.outcome == self.result)
        )
        assert self.board.published(batch_id, number, self.result) == counts
        if counts:
            item.enter(ItemState.DONE)
            item.outcome = self.result

    @rule()
    def take_files_back(self):
        """What was taken back lies in staging again; of a cancelled batch nobody waits for it."""
        offered = self.board.to_unpublish(9, lease_seconds=0)
        assert sorted((one.batch_id, one.item.spec.number) for one in offered) == [
            name for name, item in sorted(self.each()) if item.unpublishing
        ]
        for batch_id, read, *_ in offered:
            item = self.model[batch_id].items[read.spec.number]
            waits = item.state is ItemState.HELD
            assert self.board.unpublished(batch_id, read.spec.number, self.painted) == waits
            item.outcome = self.painted if waits else item.outcome
            item.unpublishing = False

    # --- what always holds

    @invariant()
    def decisions_are_in_order(self):
        """What waits for people, and what they decided, is what the model says."""
        settled = set(self.board.settled())
        for name, batch in self.model.items():
            status = self.board.status(name)
            held = [item for item in batch.items if item.state is ItemState.HELD]
            assert status.flagged == sum(item.outcome == FLAGGED for item in held)
            assert status.publishing == sum(item.approved for item in held)
            still_open = [item for item in batch.items if item.state not in FINAL]
            assert (name in settled) == (bool(held) and len(held) == len(still_open))

    @invariant()
    def the_feed_tells_all(self):
        """Whoever reads the feed to its end knows every item as it stands."""
        for name in SIZES:
            told = {item.spec.number: item for item in self.board.changes(name).items}
            for item in self.board.items(name):
                if item.spec.number in told or item.fence:
                    assert told[item.spec.number] == item


def test_no_interleaving_of_people_breaks_the_books(redis_server, new_batch, result):
    """Whatever people decide and take back while workers, stewards and crashes go on."""
    machine = type(
        "Machine",
        (ReviewMachine,),
        {"url": redis_server.url, "new_batch": staticmethod(new_batch), "result": result},
    )
    patience = hypothesis.settings(max_examples=20, stateful_step_count=40, deadline=None)
    run_state_machine_as_test(machine, settings=patience)
