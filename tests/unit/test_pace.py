"""The pace of arrivals: how long mates are worth a wait."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from worker.pace import LEAST_QUIET, LONGEST_GAP_LIMITS, Pace

LIMIT = 1.0
gaps = st.lists(st.floats(0.001, 100), max_size=20)


def pace_of(gaps, limit=LIMIT) -> Pace:
    """The pace of arrivals that are so far apart, the first at 0."""
    pace = Pace(0.0)
    for gap in gaps:
        pace = pace.after(pace.last + gap, limit)
    return pace


@given(gaps=gaps, limit=st.floats(0, 10), waited=st.floats(0, 10))
def test_nobody_waits_longer_than_the_limit(gaps, limit, waited):
    """Whatever came before, the oldest is ripe at its limit at the latest."""
    pace = pace_of(gaps, limit)
    oldest = pace.last - waited
    assert pace.ripe_at(oldest, limit) <= oldest + limit


@given(gaps=gaps)
def test_the_usual_gap_lies_between_the_gaps(gaps):
    """It is a mean, with the longest of them cut."""
    usual = pace_of(gaps).gap_seconds
    if not gaps:
        assert usual is None
        return
    cut = [min(gap, LONGEST_GAP_LIMITS * LIMIT) for gap in gaps]
    assert min(cut) - 1e-9 <= usual <= max(cut) + 1e-9


@given(gap=st.floats(0.001, 0.4), number=st.integers(1, 20))
def test_at_an_even_pace_the_next_one_is_waited_for(gap, number):
    """While arrivals keep their pace and the limit is not near, a group is not ripe between two."""
    pace = pace_of([gap] * number)
    arrivals = [pace.last, pace.last + gap]
    assert all(pace.ripe_at(one, LIMIT) >= other - 1e-9 for one, other in pairwise(arrivals))


def test_what_comes_together_is_one_arrival():
    """Several pictures of one asker say nothing of when the next asker comes."""
    pace = pace_of([0.3, 0, 0, 0, 0.3])
    assert abs(pace.gap_seconds - 0.3) < 1e-9
    assert Pace(1.0).after(1.0, LIMIT).gap_seconds is None


def test_a_quick_pace_ends_the_wait_early():
    """Nobody came for a tenth of the limit, where they used to come every millisecond."""
    pace = pace_of([0.001] * 5)
    assert abs(pace.ripe_at(pace.last, LIMIT) - (pace.last + LEAST_QUIET * LIMIT)) < 1e-9


def test_one_long_pause_is_forgotten_soon():
    """After a night, a few quick arrivals are enough to wait for the next one again."""
    pace = pace_of([0.01] * 10 + [30_000])
    assert pace.ripe_at(pace.last, LIMIT) == pace.last
    for _ in range(4):
        pace = pace.after(pace.last + 0.01, LIMIT)
    assert pace.ripe_at(pace.last, LIMIT) > pace.last + 0.01
