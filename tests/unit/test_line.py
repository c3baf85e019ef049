"""A line of lanes against the plain sort that it is to be."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.jobs import LANES, Lane
from worker.line import Line


@dataclass(frozen=True)
class One:
    """Who stands in it."""

    arrived: int
    lane: Lane


crowds = st.lists(st.sampled_from(LANES)).map(
    lambda lanes: [One(arrived, lane) for arrived, lane in enumerate(lanes)]
)


def lined(crowd) -> Line:
    """A line of all these, in the order in which they came."""
    line: Line = Line()
    for one in crowd:
        line.add(one)
    return line


@given(crowd=crowds, since=st.integers(-1, 30), count=st.integers(0, 40))
def test_urgent_then_overdue_then_lane_by_lane(crowd, since, count):
    """Overdue ones in the order of arrival, whatever their lane; nobody twice, nobody lost."""

    def turn(one: One) -> tuple[int, int]:
        overdue = one.lane != "urgent" and one.arrived <= since
        return (0.5 if overdue else LANES.index(one.lane)), one.arrived

    line, order = lined(crowd), sorted(crowd, key=turn)
    assert line.take(count, since) == order[:count]
    assert len(line) == len(order[count:])
    assert set(line) == set(order[count:])


@given(crowd=crowds.filter(bool), data=st.data())
def test_whoever_leaves_is_gone_and_keeps_nobody_up(crowd, data):
    """First lane, oldest and whose turn it is are those of the ones who stay."""
    line, leaver = lined(crowd), data.draw(st.sampled_from(crowd))
    line.remove(leaver)
    stay = [one for one in crowd if one != leaver]
    assert set(line) == set(stay)
    if stay:
        assert line.lane == min((one.lane for one in stay), key=LANES.index)
        assert line.oldest == stay[0].arrived
        assert line.first() == min(stay, key=lambda one: (one.lane != "urgent", one.arrived))


def test_nobody_leaves_twice():
    """Nor whoever never came."""
    line = lined([One(0, "bulk")])
    line.remove(One(0, "bulk"))
    for lane in ("bulk", "urgent"):
        with pytest.raises(ValueError, match="not in deque"):
            line.remove(One(0, lane))
