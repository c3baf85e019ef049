"""The table of legal moves: what an item can and can never become."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.states import FINAL, MOVES, ItemState, may_move

states = st.sampled_from(ItemState)


def reachable(start: ItemState) -> set[ItemState]:
    """Every state that some chain of moves leads to."""
    found, front = {start}, [start]
    while front:
        fresh = MOVES[front.pop()] - found
        found |= fresh
        front += fresh
    return found


def test_every_state_has_its_row():
    """The table is total: no state is missing, and none that is unknown is named."""
    assert set(MOVES) == set(ItemState)
    assert set().union(*MOVES.values()) <= set(ItemState)


@given(state=states)
def test_nothing_moves_to_itself(state):
    """A repeated report is not a move."""
    assert not may_move(state, state)


@pytest.mark.parametrize("state", sorted(FINAL - {ItemState.FAILED}))
def test_what_has_ended_stays(state):
    """Only a failed item can be taken up again, by a person."""
    assert not MOVES[state]


def test_a_failed_item_is_only_queued_again():
    """A retry starts from the beginning."""
    assert MOVES[ItemState.FAILED] == {ItemState.QUEUED}


@given(state=states)
def test_every_open_state_can_end_and_be_cancelled(state):
    """No item is stuck, and a person can always stop what has not ended."""
    if state not in FINAL:
        assert reachable(state) & FINAL
        assert may_move(state, ItemState.CANCELLED)


def test_nothing_ends_without_having_run():
    """The one way to done or held is through running, that is through a claim."""
    for end in (ItemState.DONE, ItemState.HELD, ItemState.FAILED):
        assert [old for old in ItemState if may_move(old, end)] == [ItemState.RUNNING]


def test_unchanged_is_decided_by_the_plan_alone():
    """No move leads to unchanged or away from it."""
    assert not any(may_move(old, ItemState.UNCHANGED) for old in ItemState)


@pytest.mark.parametrize(
    "way",
    [
        "queued running done",
        "queued running failed queued running done",
        "queued running queued running held queued running done",
        "queued running held rejected",
        "queued cancelled",
        "queued running cancelled",
        "queued running held cancelled",
    ],
)
def test_the_ways_of_an_item_are_legal(way):
    """The stories that the documentation tells are all in the table."""
    steps = [ItemState(word) for word in way.split()]
    assert all(may_move(old, new) for old, new in pairwise(steps))
