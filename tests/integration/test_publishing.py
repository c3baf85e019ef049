"""Publishing on a real Redis and S3: approved results are copied, and taken back when asked."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from structlog.testing import capture_logs

from producer.review.relocation import Relocation
from producer.sidecars import stored_sidecar
from shared.keys import S3Address
from shared.states import ItemState


@pytest.fixture
def waiting(shop, reviewer):
    """A shop whose first three results wait for a person."""
    shop.submit()
    for number in range(3):
        reviewer.hold_result(number)
    return shop


def lying(shop):
    """Names of all that lies in the output itself, staging and records left out."""
    return sorted(path.name for path in (shop.bucket / "out").iterdir() if path.is_file())


def test_an_approved_result_is_copied_and_done(waiting, reviewer):
    """Its sidecar names the copies; what is not approved lies in staging only."""
    assert reviewer.publishing().follow() == 0
    assert lying(waiting) == []
    assert reviewer.decide(0) == 1
    assert reviewer.publishing().follow() == 1
    item = waiting.board.item("spring", 0)
    assert item.state == "done"
    told = stored_sidecar(item.result.sidecar, waiting.store)
    assert tuple(one.address for one in told.variants) == item.result.variants
    assert told.mask.address == item.result.mask
    for name in (*item.result.variants, item.result.mask, item.result.sidecar):
        assert S3Address.parse(name).folder == S3Address.parse(waiting.output)
        assert waiting.store.exists(S3Address.parse(name))
    assert len(lying(waiting)) == len(item.result.variants) + 2
    assert item.result.gate is not None
    assert reviewer.publishing().follow() == 0


def test_a_copy_that_was_broken_off_is_done_again(waiting, reviewer):
    """Killed before its sidecar was written, or before the board heard of it."""
    held = waiting.board.item("spring", 0).held.result
    variant = held.variants[0].replace("_staging/", "")
    waiting.store.copy(S3Address.parse(held.variants[0]), S3Address.parse(variant))
    reviewer.decide(0)
    (taken,) = waiting.board.to_publish(5, lease_seconds=0)
    publishing = reviewer.publishing()
    publishing._publish(taken)
    before = lying(waiting)
    publishing._publish(taken)  # another steward, which took it before
    assert lying(waiting) == before
    assert waiting.board.item("spring", 0).state == "done"


def test_stewards_publish_at_once(waiting, reviewer):
    """Each item once or twice, with the same end."""
    reviewer.decide(0, 1, 2)
    with ThreadPoolExecutor(3) as stewards:
        counts = stewards.map(lambda _: reviewer.publishing().follow(), range(3))
        assert sum(counts) == 3
    assert waiting.states()[:3] == ["done"] * 3


def test_what_cannot_be_copied_stays_held_and_the_others_go_on(waiting, reviewer):
    """A file of staging is gone: its item waits, and the log names the file."""
    lost = S3Address.parse(waiting.board.item("spring", 1).held.result.mask)
    waiting.store.delete(lost)
    reviewer.decide(0, 1, 2)
    with capture_logs() as said:
        assert reviewer.publishing().follow() == 2
    item = waiting.board.item("spring", 1)
    assert (item.state, item.approved) == ("held", True)
    assert str(lost) in item.note
    assert waiting.states()[:3] == ["done", "held", "done"]
    assert [(one["item"], one["code"]) for one in said] == [(1, "object_missing")]
    assert str(lost) in said[0]["message"]


def test_a_publication_is_taken_back(waiting, reviewer):
    """The files leave the output, and wait in staging as before; also if it was tidied up."""
    before = waiting.board.item("spring", 0).held
    reviewer.decide(0)
    reviewer.publishing().follow()
    for name in (before.result.sidecar, before.result.mask):
        waiting.store.delete(S3Address.parse(name))
    assert waiting.board.undo("spring", "d1", "ada").moved == 1
    assert reviewer.publishing().follow() == 1
    assert lying(waiting) == []
    item = waiting.board.item("spring", 0)
    assert (item.state, item.approved, item.held.result) == ("held", False, before.result)
    told = stored_sidecar(before.result.sidecar, waiting.store)
    assert told.mask.address == before.result.mask
    assert waiting.store.exists(S3Address.parse(before.result.mask))
    assert reviewer.decide(0, name="d2") == 1
    assert reviewer.publishing().follow() == 1


def test_a_withdrawn_approval_leaves_no_copy(waiting, reviewer):
    """Taken back while the files were copied: they are removed."""
    reviewer.decide(0)
    (taken,) = waiting.board.to_publish(5, lease_seconds=0)
    waiting.board.undo("spring", "d1", "ada")
    reviewer.publishing()._publish(taken)
    assert lying(waiting) == []
    assert waiting.board.item("spring", 0).state == "held"


def copied(shop, reviewer):
    """What a steward took, whose files it copied before it was killed."""
    (taken,) = shop.board.to_publish(5, lease_seconds=0)
    assert shop.board.keep(taken, lease_seconds=0)
    result = taken.item.held.result
    sidecar = S3Address.parse(result.sidecar)
    told = stored_sidecar(result.sidecar, shop.store)
    reviewer.publishing()._copy(Relocation.of(told, sidecar, S3Address.parse(shop.output)))
    assert lying(shop)
    return taken


def test_copies_of_a_dead_steward_leave_with_the_approval(waiting, reviewer):
    """Killed after copying; then the approval is undone: nothing stays, and the item waits anew."""
    before = waiting.board.item("spring", 0).held
    reviewer.decide(0)
    copied(waiting, reviewer)
    waiting.board.undo("spring", "d1", "ada")
    assert reviewer.decide(0, action="reject", name="d2") == 0
    assert reviewer.publishing().follow() == 1
    assert lying(waiting) == []
    assert waiting.board.item("spring", 0).held == before
    assert reviewer.decide(0, name="d3") == 1
    assert reviewer.publishing().follow() == 1
    assert waiting.board.item("spring", 0).state == "done"


def test_copies_of_a_dead_steward_leave_with_their_batch(waiting, reviewer):
    """Killed after copying; then the batch is cancelled: nothing stays."""
    reviewer.decide(0)
    copied(waiting, reviewer)
    waiting.board.cancel("spring")
    assert waiting.board.item("spring", 0).state == "cancelled"
    assert reviewer.publishing().follow() == 1
    assert lying(waiting) == []
    assert waiting.board.item("spring", 0).held is None
    assert waiting.board.to_unpublish(5) == []


def test_whoever_copied_meanwhile_has_the_copies_removed(waiting, reviewer):
    """Undone between copy and report: they go with the next beat, and not a minute later."""
    reviewer.decide(0)
    (taken,) = waiting.board.to_publish(5)
    assert waiting.board.keep(taken)
    waiting.board.undo("spring", "d1", "ada")
    assert waiting.board.to_unpublish(5) == []  # it may still be copying
    assert not waiting.board.published("spring", 0, taken.item.held.result)
    assert waiting.board.remove_copies("spring", 0)
    assert reviewer.publishing().follow() == 1
    assert waiting.board.item("spring", 0).state == "held"


def test_no_steward_removes_what_was_published_since(waiting, reviewer):
    """Approved, undone, approved: who was to remove the files comes late, and leaves them."""
    reviewer.decide(0)
    reviewer.publishing().follow()
    waiting.board.undo("spring", "d1", "ada")
    (late,) = waiting.board.to_unpublish(5, lease_seconds=0)
    assert reviewer.decide(0, name="d2") == 0
    reviewer.publishing().follow()  # another steward took it, and put it back
    assert reviewer.decide(0, name="d3") == 1
    reviewer.publishing().follow()
    published = lying(waiting)
    reviewer.publishing()._unpublish(late)
    assert lying(waiting) == published != []
    assert waiting.board.item("spring", 0).state == "done"


def test_no_steward_copies_what_was_withdrawn_since(waiting, reviewer):
    """Approved, undone, approved: who was to copy the files comes late, and the board says no."""
    reviewer.decide(0)
    (late,) = waiting.board.to_publish(5)
    waiting.board.undo("spring", "d1", "ada")
    assert reviewer.decide(0, name="d2") == 1  # nobody had begun to copy
    reviewer.publishing().follow()
    waiting.board.undo("spring", "d2", "ada")
    reviewer.publishing()._publish(late)
    reviewer.publishing().follow()
    assert lying(waiting) == []


def test_what_another_batch_published_is_left_alone(waiting, reviewer):
    """Equal fingerprints are equal pictures: one result for both, and it is its first owner's."""
    reviewer.decide(0)
    reviewer.publishing().follow()
    published = waiting.board.item("spring", 0).result
    waiting.submit(batch_id="again")
    reviewer.hold_result(0, "again")
    reviewer.decide(0, batch_id="again")
    reviewer.publishing().follow()
    assert waiting.board.item("again", 0).result.variants == published.variants
    assert stored_sidecar(published.sidecar, waiting.store).batch_id == "spring"
    waiting.board.undo("again", "d1", "ada")
    reviewer.publishing().follow()
    assert waiting.board.item("again", 0).state is ItemState.HELD
    assert waiting.store.exists(S3Address.parse(published.variants[0]))
