"""The feed of changes and the search for items: complete, in order, in small slices."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.board.part import ROWS_AT_ONCE
from shared.board.search import LOOKED_AT
from shared.gate import FrozenMask, Gate
from shared.jobs import Held, ItemSpec
from shared.review import Decision, Filter
from shared.states import ItemState
from tests.contract.conftest import make_batch

LEASE = 60.0
FROZEN = FrozenMask(address="s3://shop/out/_staging/a.frozen.png", sha256="0" * 64)
NAMES = ["Kleid-7", 'Größe "L"', "ÄRMEL", "rock\\7", "kleid-8", "hemd"]
HALF = {"states": frozenset({ItemState.HELD}), "score_below": 0.5}


def mask(score, *reasons):
    """A held mask under a gate's verdict."""
    gate = Gate(score=score, reasons=reasons, coverage=0.5, margin=0.5, pieces=1, border=0)
    return Held(stage="mask", gate=gate, mask=FROZEN)


@pytest.fixture(scope="module")
def outcomes():
    """What six items come to, by number; of number 5 nothing yet."""
    return [mask(0.2, "too_large"), mask(0.6, "scattered", "at_border"), mask(0.5)]


@pytest.fixture
def shop(board, outcomes, result, failure):
    """Six items: two held, one rejected, one done, one failed, one waiting."""
    board.open_batch(make_batch("spring", len(NAMES)))
    specs = [
        ItemSpec(number=number, external_id=name, source=f"s3://shop/In/{number}.jpg")
        for number, name in enumerate(NAMES)
    ]
    board.add_items("spring", specs)
    board.seal_batch("spring")
    done = result.model_copy(update={"gate": mask(0.9).gate})
    for number, outcome in enumerate([*outcomes, done, failure]):
        board.finish(board.claim("spring", number, "w", LEASE), outcome)
    board.decide("spring", Decision(id="d1", action="reject", by="mia"), [2])
    return board


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, [0, 1, 2, 3, 4, 5]),
        ({"states": {ItemState.HELD}}, [0, 1]),
        ({"states": {ItemState.QUEUED, ItemState.HELD, ItemState.DONE}}, [0, 1, 3, 5]),
        ({"states": {ItemState.CANCELLED}}, []),
        ({"stage": "mask"}, [0, 1, 2]),
        ({"stage": "result"}, []),
        (HALF, [0]),
        ({"score_below": 0.6}, [0, 2]),
        ({"score_from": 0.5}, [1, 2, 3]),
        ({"score_from": 0.5, "score_below": 0.9}, [1, 2]),
        ({"reason": "at_border"}, [1]),
        ({"reason": "border"}, []),
        ({"passed": True}, [2, 3]),
        ({"passed": False, "states": {ItemState.HELD}}, [0, 1]),
        ({"code": "mask_empty"}, [4]),
        ({"text": "KLEID"}, [0, 4]),
        ({"text": 'größe "l'}, [1]),
        ({"text": "ärmel"}, [2]),
        ({"text": "k\\7"}, [3]),
        ({"text": "in/5"}, [5]),
        ({"text": "jpg", "states": {ItemState.FAILED}}, [4]),
        ({"text": "%"}, []),
        ({"approved": True}, []),
        ({"approved": False, "states": {ItemState.HELD}}, [0, 1]),
    ],
)
def test_a_filter_finds_what_it_says(shop, asked, found):
    """All of its fields at once; finding, numbering and counting agree."""
    chosen = Filter(**asked)
    assert [item.spec.number for item in shop.find("spring", chosen).items] == found
    assert list(shop.numbers("spring", chosen)) == found
    assert shop.count("spring", chosen) == len(found)


def test_approved_results_are_told_from_those_that_wait(board, submit, result):
    """The page shows what still needs somebody."""
    submit(total=2)
    for number in range(2):
        held = Held(stage="result", result=result)
        board.finish(board.claim("spring", number, "w", LEASE), held)
    board.decide("spring", Decision(id="d1", action="approve", by="mia"), [1])
    for approved, number in ((True, 1), (False, 0)):
        chosen = Filter(stage="result", approved=approved)
        assert [item.spec.number for item in board.find("spring", chosen).items] == [number]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    states=st.frozensets(st.sampled_from(ItemState), max_size=3),
    limit=st.integers(1, 4),
    text=st.sampled_from([None, "kleid", "jpg"]),
)
def test_pages_join_to_the_whole(shop, states, limit, text):
    """Whatever their size, no item is passed over or comes twice."""
    chosen = Filter(states=states, text=text)
    pages, after = [], -1
    while after is not None:
        page = shop.find("spring", chosen, after=after, limit=limit)
        assert len(page.items) <= limit
        pages += [item.spec.number for item in page.items]
        after = page.next
    assert pages == list(shop.numbers("spring", chosen))


def test_a_search_goes_on_where_one_slice_ends(board, submit):
    """More items than one script run looks at, most of which are no answer."""
    total = 2 * LOOKED_AT + 1
    submit(total=total)
    held = [3, LOOKED_AT - 1, LOOKED_AT, total - 1]
    for number in held:
        board.finish(board.claim("spring", number, "w", LEASE), mask(0.1))
    chosen = Filter(score_below=0.5)
    assert list(board.numbers("spring", chosen)) == held
    assert board.count("spring", chosen) == len(held)
    page = board.find("spring", chosen, limit=3)
    assert [item.spec.number for item in page.items] == held[:3]
    last = board.find("spring", chosen, after=page.next)
    assert ([item.spec.number for item in last.items], last.next) == ([total - 1], None)
    assert board.count("spring", Filter(text="sku-")) == total
    both = Filter(states=frozenset({ItemState.HELD, ItemState.QUEUED}), text="sku-")
    assert list(board.numbers("spring", both)) == list(range(total))


# --- the feed


def test_the_feed_tells_each_item_once_at_its_newest_change(board, submit, result):
    """From any cursor on, in the order of change; what only waits has not changed."""
    submit(total=3)
    assert board.changes("spring").items == []
    first = board.claim("spring", 1, "w", LEASE)
    second = board.claim("spring", 0, "w", LEASE)
    before = board.changes("spring")
    assert [item.spec.number for item in before.items] == [1, 0]
    board.finish(first, result)
    after = board.changes("spring", after=before.cursor)
    assert [(item.spec.number, item.state) for item in after.items] == [(1, ItemState.DONE)]
    assert board.changes("spring", after=after.cursor) == type(after)([], after.cursor)
    assert board.status("spring").cursor == after.cursor
    board.finish(second, mask(0.3))
    whole = board.changes("spring")
    assert [item.spec.number for item in whole.items] == [1, 0]
    part = board.changes("spring", limit=1)
    assert [item.spec.number for item in part.items] == [1]
    rest = board.changes("spring", after=part.cursor, limit=1)
    assert [item.spec.number for item in rest.items] == [0]


def test_a_long_page_is_whole_though_it_is_read_in_slices(board, submit):
    """As many as were asked for, none twice and none left out, in their order."""
    total = 2 * ROWS_AT_ONCE + 5
    submit(total=total)
    for number in reversed(range(total)):
        board.claim("spring", number, "w", LEASE)
    order, page = list(reversed(range(total))), ROWS_AT_ONCE + 2
    first = board.changes("spring", limit=page)
    rest = board.changes("spring", after=first.cursor, limit=page + ROWS_AT_ONCE)
    told = [[item.spec.number for item in part.items] for part in (first, rest)]
    assert told == [order[:page], order[page:]]
    assert rest.cursor == board.status("spring").cursor
    found = board.find("spring", Filter(), limit=page)
    assert [item.spec.number for item in found.items] == list(range(page))
    assert found.next == page - 1


def test_the_feed_tells_of_decisions_too(board, submit, result):
    """Also of those that change no state: a pick, an approval, and their undo."""
    submit(total=1)
    board.finish(board.claim("spring", 0, "w", LEASE), Held(stage="result", result=result))
    cursor = board.changes("spring").cursor
    for step in (
        lambda: board.decide("spring", Decision(id="d1", action="pick", by="m", variant=1), [0]),
        lambda: board.decide("spring", Decision(id="d2", action="approve", by="m"), [0]),
        lambda: board.undo("spring", "d1", "m"),
        lambda: board.undo("spring", "d2", "m"),
    ):
        step()
        changes = board.changes("spring", after=cursor)
        assert len(changes.items) == 1
        assert changes.cursor > cursor
        cursor = changes.cursor
