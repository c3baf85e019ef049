"""Review on the board: held items are decided once, and what was not used yet is taken back."""

import threading

import pytest

from shared.board.review import DECIDED_AT_ONCE
from shared.brakes import Brakes, Breaker, Pilot
from shared.errors import BatchUnknown, ClaimLost, DecisionUnknown, ItemUnknown
from shared.gate import FrozenMask, Gate
from shared.jobs import Held
from shared.review import Decision, Filter
from shared.states import ItemState
from tests.contract.conftest import make_batch

LEASE = 60.0
STAGED = "s3://shop/out/_staging/"
FROZEN = FrozenMask(address=f"{STAGED}a b.frozen.png", sha256="0" * 64)


def gate(*reasons, score=0.5):
    """What a gate said."""
    return Gate(score=score, reasons=reasons, coverage=0.7, margin=0.2, pieces=1, border=0)


MASK = Held(stage="mask", gate=gate("too_large"), mask=FROZEN, device_seconds=2)
#: Held since somebody asked to see it.
FINE = Held(stage="mask", gate=gate(), mask=FROZEN)


def decision(action="approve", name="d1", **more):
    """A decision of mia's."""
    return Decision(id=name, action=action, by="mia", **more)


@pytest.fixture
def painted(result):
    """A result that waits for approval: two variants in staging."""
    staged = result.model_copy(
        update={"variants": (f"{STAGED}a.v1.jpg", f"{STAGED}a.v2.jpg"), "gate": gate(score=0.9)}
    )
    return Held(stage="result", gate=staged.gate, result=staged)


@pytest.fixture
def report(board):
    """Claim an item and report this of it; returns the claim."""

    def report(number, outcome, batch_id="spring"):
        claim = board.claim(batch_id, number, "w", LEASE)
        board.finish(claim, outcome)
        return claim

    return report


def states(board, batch_id="spring"):
    """The states of all items, by number."""
    return [item.state.value for item in board.items(batch_id)]


# --- held


def test_a_held_item_shows_what_waits_and_its_cost_counts(board, submit, report):
    """Mask, gate and stage stand in the item; the same report twice is one."""
    submit(total=1)
    claim = report(0, MASK)
    board.finish(claim, MASK)
    item, status = board.item("spring", 0), board.status("spring")
    assert (item.state, item.held, item.frozen) == (ItemState.HELD, MASK, None)
    assert (status.device_seconds, status.flagged, status.open) == (2.0, 1, 1)
    with pytest.raises(ClaimLost):
        board.finish(claim, MASK.model_copy(update={"device_seconds": 3}))


def test_only_what_the_gate_complains_about_stops_a_batch(board, submit, report):
    """Masks that somebody asked to see all of are no sign of a wrong prompt."""
    brakes = Brakes(breaker=Breaker(share=0.5, least=2))
    submit("asked", 5, brakes=brakes)
    submit("wrong", 5, brakes=brakes)
    for number in range(3):
        report(number, FINE, "asked")
    for number in range(2):
        report(number, MASK, "wrong")
    assert not board.status("asked").paused
    status = board.status("wrong")
    assert (status.pause_reason, status.pause_note) == (
        "breaker",
        "2 of 2 items failed or were held",
    )
    board.decide("wrong", decision(), [0])
    assert board.status("wrong").flagged == 1


# --- approving a mask


def test_an_approved_mask_is_frozen_and_painted(board, submit, report, result):
    """The next claim has it, and so has every later one; the item goes its whole way."""
    submit(total=2)
    report(0, MASK)
    assert board.decide("spring", decision(), [0, 1, 7]) == board.decide(
        "spring", decision(), [0, 1, 7]
    )
    item = board.item("spring", 0)
    assert (item.state, item.frozen, item.decided_by) == (ItemState.QUEUED, FROZEN, "mia")
    assert item.held is None
    hints = {hint.message.number for hint in board.take_for_publishing(9, 60)}
    assert hints == {0, 1}
    claim = board.claim("spring", 0, "w", LEASE)
    assert claim.frozen == FROZEN
    board.finish(claim, result)
    assert board.item("spring", 0).frozen == FROZEN
    assert states(board) == ["done", "queued"]


def test_a_retried_item_keeps_its_mask_and_the_picture_that_it_fits(board, submit, report, failure):
    """A source that was replaced since must not be painted under another picture's mask."""
    submit(total=1)
    claim = board.claim("spring", 0, "w", LEASE)
    board.pin_source(claim, "etag-1", 7)
    board.finish(claim, MASK)
    board.decide("spring", decision(), [0])
    report(0, failure)
    assert board.retry("spring") == 1
    again = board.claim("spring", 0, "w", LEASE)
    assert (again.frozen, again.spec.etag, again.spec.size) == (FROZEN, "etag-1", 7)


def test_a_claim_that_ended_with_a_held_mask_is_no_lost_one(board, submit, report, expire):
    """One worker lost while it paints is no poison, however often masks were held before."""
    submit(total=1)
    for turn in range(3):
        report(0, FINE)
        board.decide("spring", decision(name=f"d{turn}"), [0])
    board.claim("spring", 0, "w", LEASE)
    expire("w")
    assert board.sweep(2).expired == 1
    assert states(board) == ["queued"]


def test_a_pilots_approved_masks_are_painted_before_the_pilot_is_over(board, submit, report):
    """They are part of it: the rest of the batch goes on waiting."""
    submit(total=4, brakes=Brakes(pilot=Pilot(items=2)))
    board.take_for_publishing(9, 60)
    for number in (1, 3):
        report(number, MASK)
    assert board.status("spring").pause_reason == "pilot"
    board.decide("spring", decision(), [1])
    assert [hint.message.number for hint in board.take_for_publishing(9, 60)] == [1]
    board.undo("spring", "d1", "mia")
    assert board.status("spring").pause_reason == "pilot"


# --- rejecting


def test_a_rejected_item_says_why_and_can_end_its_batch(board, submit, report):
    """What was rejected stays to be seen; the batch is over when nothing else is open."""
    submit(total=1)
    report(0, MASK)
    assert board.decide("spring", decision("reject", reason="wrong_mask"), [0]).moved == 1
    item = board.item("spring", 0)
    assert (item.state, item.reason, item.held) == (ItemState.REJECTED, "wrong_mask", MASK)
    assert item.decided_at is not None
    assert board.unended() == ["spring"]


def test_a_rejection_taken_back_opens_an_ended_batch_again(board, submit, report):
    """As a retry does: what was written for it does not count any more."""
    submit(total=1)
    report(0, MASK)
    board.decide("spring", decision("reject"), [0])
    before = board.status("spring")
    assert board.mark_ended("spring", revision=before.revision)
    undone = board.undo("spring", "d1", "leo")
    status = board.status("spring")
    assert (undone.moved, undone.too_late) == (1, 0)
    assert (status.ended_at, status.revision, status.flagged) == (None, before.revision + 1, 1)
    assert board.item("spring", 0).held == MASK
    assert not board.retire(before, board.clock())
    assert not board.mark_ended("spring", revision=before.revision)


# --- approving a result


def test_an_approved_result_is_done_once_it_is_published(board, submit, report, painted, result):
    """Until then it is held, and nobody else decides it."""
    submit(total=1)
    report(0, painted)
    board.decide("spring", decision(), [0])
    assert board.decide("spring", decision("reject", "d2"), [0]).skipped == 1
    assert (board.item("spring", 0).approved, board.status("spring").publishing) == (True, 1)
    [(batch_id, item, *_)] = board.to_publish(5)
    assert (batch_id, item.held) == ("spring", painted)
    assert board.to_publish(5) == []
    assert board.published("spring", 0, result)
    assert board.published("spring", 0, result)
    item, status = board.item("spring", 0), board.status("spring")
    assert (item.state, item.result, item.approved) == (ItemState.DONE, result, False)
    assert (status.publishing, board.unended()) == (0, ["spring"])


def test_who_dies_while_copying_is_followed_by_another(board, submit, report, painted):
    """After its time the item is offered again."""
    submit(total=1)
    report(0, painted)
    board.decide("spring", decision(), [0])
    assert len(board.to_publish(5, lease_seconds=0)) == 1
    assert len(board.to_publish(5)) == 1


def test_an_approval_taken_back_in_time_publishes_nothing(board, submit, report, painted, result):
    """Whoever was copying learns that it does not count."""
    submit(total=1)
    report(0, painted)
    board.decide("spring", decision(), [0])
    board.to_publish(5)
    assert board.undo("spring", "d1", "mia").moved == 1
    assert not board.published("spring", 0, result)
    item = board.item("spring", 0)
    assert (item.state, item.approved, board.status("spring").publishing) == ("held", False, 0)
    assert board.to_publish(5) == []


def test_a_publication_is_taken_back_by_way_of_staging(board, submit, report, painted, result):
    """Held at once, decided anew only when its files are where they were."""
    submit(total=1)
    report(0, painted)
    board.decide("spring", decision(), [0])
    board.published("spring", 0, result)
    board.mark_ended("spring")
    assert board.undo("spring", "d1", "mia").moved == 1
    assert board.decide("spring", decision(name="d2"), [0]).skipped == 1
    [(_, item, *_)] = board.to_unpublish(5)
    assert (item.state, item.held.result) == (ItemState.HELD, result)
    assert board.unpublished("spring", 0, painted)
    assert board.unpublished("spring", 0, painted)
    assert board.to_unpublish(5) == []
    assert board.item("spring", 0).held == painted
    assert board.decide("spring", decision(name="d3"), [0]).moved == 1


def test_a_second_approval_of_a_mask_approves_no_result(board, submit, report, painted):
    """Who saw a mask has not seen what was painted with it, whatever is sent again and how late."""
    submit(total=2)
    report(0, MASK)
    report(1, painted)
    board.decide("spring", decision(stage="mask"), [0])
    report(0, painted)
    for action in ("approve", "reject"):
        late = board.decide("spring", decision(action, f"late-{action}", stage="mask"), [0, 1])
        assert (late.moved, late.skipped) == (0, 2)
    assert [item.approved for item in board.items("spring")] == [False, False]
    assert states(board) == ["held", "held"]
    assert board.decide("spring", decision(name="d2", stage="result"), [0, 1]).moved == 2
    assert board.decisions("spring")[0].stage == "result"


# --- picking


def test_a_pick_is_remembered_and_taken_back(board, submit, report, painted, result):
    """Of painted items only, of variants that there are; the pick before comes back."""
    submit(total=3)
    report(0, painted)
    report(1, result)
    assert board.decide("spring", decision("pick", variant=2), [0, 1, 2]).moved == 1
    assert board.decide("spring", decision("pick", "d2", variant=1), [0, 1]).moved == 2
    assert [item.picked for item in board.items("spring")] == [1, 1, None]
    assert board.undo("spring", "d1", "mia").too_late == 1
    assert board.undo("spring", "d2", "mia").moved == 2
    assert [item.picked for item in board.items("spring")] == [2, None, None]
    assert states(board) == ["held", "done", "queued"]


# --- taking back


def test_a_mask_that_is_being_painted_is_too_late_to_take_back(board, submit, report):
    """Of two approved items one is claimed: the other comes back."""
    submit(total=2)
    report(0, MASK)
    report(1, MASK)
    board.decide("spring", decision(), [0, 1])
    assert board.claim("spring", 0, "w", LEASE)
    undone = board.undo("spring", "d1", "mia")
    assert (undone.moved, undone.too_late) == (1, 1)
    assert board.undo("spring", "d1", "leo") == undone
    assert states(board) == ["running", "held"]
    assert board.item("spring", 1).frozen is None
    assert board.claim("spring", 1, "w", LEASE) is None


def test_an_undo_stays(board, submit, report):
    """And what was never decided cannot be taken back."""
    submit(total=1)
    report(0, MASK)
    board.decide("spring", decision(), [0])
    board.undo("spring", "d1", "mia")
    undoing = board.decisions("spring")[0]
    for name in (undoing.id, "never"):
        with pytest.raises(DecisionUnknown):
            board.undo("spring", name, "mia")
    assert board.decide("spring", decision(), [0]).moved == 1  # as it was reported then
    assert states(board) == ["held"]


def test_a_long_decision_is_made_and_taken_back_whole(board, submit, report):
    """In slices, each of which is small; repeated, it gives the same answer."""
    total = 2 * DECIDED_AT_ONCE + 5
    submit(total=total)
    for number in range(total - 1):
        report(number, FINE)
    made = board.decide("spring", decision(), range(total))
    assert (made.moved, made.skipped) == (total - 1, 1)
    assert board.decide("spring", decision(), range(total)) == made
    undone = board.undo("spring", "d1", "mia")
    assert (undone.moved, undone.too_late) == (total - 1, 0)
    assert board.undo("spring", "d1", "mia") == undone


def test_an_interrupted_decision_is_gone_on_with(board, submit, report, inspector, keys):
    """Whoever repeats it under its id changes the rest, and no item twice."""
    total = DECIDED_AT_ONCE + 2
    submit(total=total)
    for number in range(total):
        report(number, FINE)
    board.decide("spring", decision(), range(DECIDED_AT_ONCE))
    inspector.hdel(keys.decisions("spring"), "1:passed")  # as if the rest had never been sent
    assert board.decide("spring", decision(), range(total)).moved == total
    assert board.decisions("spring")[0].moved == total
    assert board.undo("spring", "d1", "mia").moved == total


# --- cancelled batches, and people at once


def test_nothing_of_a_cancelled_batch_is_decided_or_taken_back(
    board, submit, report, painted, result
):
    """Held items end cancelled, and an approved result is not published any more."""
    submit(total=4)
    for number in (0, 1):
        report(number, painted)
    report(2, MASK)
    report(3, MASK)
    board.decide("spring", decision(), [0, 2])
    board.decide("spring", decision("reject", "d2"), [3])
    board.cancel("spring")
    assert board.to_publish(5) == []
    assert not board.published("spring", 0, result)
    assert board.decide("spring", decision(name="d3"), [1]).skipped == 1
    assert [board.undo("spring", name, "mia").moved for name in ("d1", "d2")] == [0, 0]
    assert states(board) == ["cancelled"] * 3 + ["rejected"]
    assert (board.status("spring").publishing, board.status("spring").flagged) == (0, 0)


def test_of_two_people_at_once_the_first_wins(board, submit, report):
    """Every item is decided by exactly one of them."""
    submit(total=40)
    for number in range(40):
        report(number, MASK)
    made = {}

    def decide(name, action):
        for number in range(40):
            one = decision(action, f"{name}-{number}")
            made.setdefault(name, []).append(board.decide("spring", one, [number]).moved)

    people = [
        threading.Thread(target=decide, args=pair)
        for pair in (("mia", "approve"), ("leo", "reject"))
    ]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert [sum(pair) for pair in zip(made["mia"], made["leo"], strict=True)] == [1] * 40
    counts = board.status("spring").counts
    assert counts[ItemState.QUEUED] == sum(made["mia"])
    assert counts[ItemState.REJECTED] == sum(made["leo"])


# --- the history


def test_the_history_says_who_when_and_how_many(board, submit, report):
    """Of the batch and of each item, newest first, an undo as what it is."""
    submit(total=2)
    report(0, MASK)
    report(1, MASK)
    chosen = Filter(states={ItemState.HELD}).model_dump(mode="json", exclude_defaults=True)
    board.decide("spring", decision(filter=chosen), [0, 1])
    board.undo("spring", "d1", "leo")
    board.decide("spring", decision("reject", "d2", reason="bad_edge"), [1])
    last, undoing, first = board.decisions("spring")
    assert (first.by, first.moved, first.filter) == ("mia", 2, {"states": ["held"]})
    assert (undoing.action, undoing.by, undoing.undoes, undoing.moved) == ("undo", "leo", "d1", 2)
    assert (last.reason, last.moved) == ("bad_edge", 1)
    assert first.at <= undoing.at <= last.at
    assert board.decisions("spring", start=1, limit=1) == [undoing]
    assert board.item_history("spring", 0) == [undoing, first]
    assert board.item_history("spring", 1) == [last, undoing, first]


def test_an_item_of_many_decisions_keeps_the_newest(board, submit, report, painted):
    """Its own record stays small, whoever clicks how often."""
    submit(total=1)
    report(0, painted)
    for turn in range(40):
        board.decide("spring", decision("pick", f"d{turn}", variant=turn % 2 + 1), [0])
    history = board.item_history("spring", 0)
    assert 12 <= len(history) < 40
    assert [one.id for one in history] == [f"d{39 - place}" for place in range(len(history))]


def test_what_is_not_there_is_no_empty_answer(board, submit):
    """An unknown batch or item is an error."""
    submit(total=1)
    for call in (
        lambda: board.decide("autumn", decision(), [0]),
        lambda: board.undo("autumn", "d1", "mia"),
        lambda: board.decisions("autumn"),
        lambda: board.changes("autumn"),
        lambda: board.find("autumn", Filter()),
        lambda: board.count("autumn", Filter(text="a")),
        lambda: list(board.numbers("autumn", Filter())),
    ):
        with pytest.raises(BatchUnknown):
            call()
    with pytest.raises(ItemUnknown):
        board.item_history("spring", 1)


# --- what follows


def test_a_batch_that_only_waits_for_people_is_told_once_per_change(board, submit, report, result):
    """Its results so far can be written while somebody takes a day to look."""
    submit(total=2)
    report(0, MASK)
    assert board.settled() == []
    report(1, result)
    assert (board.settled(), board.settled(quiet_seconds=60)) == (["spring"], [])
    before = board.status("spring").cursor
    board.decide("spring", decision(), [0])
    board.undo("spring", "d1", "mia")
    assert not board.mark_settled("spring", before)
    assert board.settled() == ["spring"]
    assert board.mark_settled("spring", board.status("spring").cursor)
    assert board.settled() == []
    board.decide("spring", decision("reject", "d2"), [0])
    assert (board.settled(), board.unended()) == ([], ["spring"])


def test_a_batch_knows_its_children(board, submit):
    """The batches that render its items again, the oldest first; each once."""
    submit(total=1)
    for name in ("spring-b", "spring-a"):
        submit(name, 1, parent="spring")
        board.open_batch(make_batch(name, 1, parent="spring"))
    assert board.children("spring") == ["spring-b", "spring-a"]
    assert board.children("spring-a") == []
    assert board.status("spring-a").batch.parent == "spring"


def test_nothing_of_a_review_outlives_its_batch(board, submit, report, painted, inspector, keys):
    """Retired, a batch leaves no key and no member behind."""
    submit(total=3)
    submit("child", 1, parent="spring")
    report(0, MASK)
    report(1, painted)
    report(2, painted)
    board.decide("spring", decision("pick", variant=2), [1])
    board.decide("spring", decision(name="d2"), [0, 1])
    board.undo("spring", "d2", "mia")
    board.decide("spring", decision("reject", "d3"), [0, 1, 2])
    board.mark_ended("spring")
    assert board.retire(board.status("spring"), board.clock())
    board.clear_retired("spring")
    prefix = f"{keys.prefix}:batch:spring"
    assert [name for name in inspector.keys(f"{keys.prefix}:*") if name.startswith(prefix)] == []
    assert inspector.keys(f"{keys.prefix}:item:spring:*") == []
    assert not inspector.exists(keys.settled, keys.publishing, keys.unpublishing)
