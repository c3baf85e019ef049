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


@pytest.mark.parametrize("state", [ItemState.CANCELLED, ItemState.UNCHANGED])
def test_what_is_cancelled_or_unchanged_stays(state):
    """Whoever wants it after all submits it again."""
    assert not MOVES[state]


@pytest.mark.parametrize("state", [ItemState.DONE, ItemState.REJECTED])
def test_a_persons_verdict_can_be_taken_back(state):
    """A publication and a rejection wait for a person once more, and nothing is rendered again."""
    assert MOVES[state] == {ItemState.HELD}


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
    """The one way to an outcome is through running, that is through a claim.

    Held is one way of them, and whatever comes back to held was held before.
    """
    outcomes = {ItemState.DONE, ItemState.HELD, ItemState.FAILED, ItemState.REJECTED}
    for end in outcomes:
        others = {old for old in ItemState if may_move(old, end)} - outcomes
        back = {ItemState.QUEUED} if end is ItemState.HELD else set()
        assert others <= {ItemState.RUNNING} | back


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
        "queued running held queued held queued running held done held rejected held done",
    ],
)
def test_the_ways_of_an_item_are_legal(way):
    """The stories that the documentation tells are all in the table."""
    steps = [ItemState(word) for word in way.split()]
    assert all(may_move(old, new) for old, new in pairwise(steps))
