"""The memory budget: never over, nobody starved, a giant goes alone."""

import threading
from contextlib import ExitStack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.jobs import LANES, Lane
from worker.memory import MemoryBudget

TOTAL = 100


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.integers(1, 150), st.sampled_from(LANES)), min_size=1, max_size=12))
def test_pictures_in_flight_never_exceed_the_budget(wants):
    """Whatever many threads ask for, the sum of what they hold stays within the total."""
    budget, lock, held, peaks = MemoryBudget(TOTAL), threading.Lock(), [], []

    def work(wanted: int, lane: Lane) -> None:
        with budget.held(wanted, lane):
            with lock:
                held.append(min(wanted, TOTAL))
                peaks.append(sum(held))
            with lock:
                held.remove(min(wanted, TOTAL))

    threads = [threading.Thread(target=work, args=want) for want in wants]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(peaks) == len(wants)
    assert max(peaks) <= TOTAL


def test_a_large_picture_is_not_overtaken_by_small_ones():
    """First come, first served: a stream of thumbnails cannot starve a poster."""
    budget, order = MemoryBudget(TOTAL), []
    with ExitStack() as stack:
        stack.enter_context(budget.held(60, "standard"))
        poster = threading.Thread(target=_note, args=(budget, 100, order, "poster"))
        poster.start()
        while not budget._waiting:
            pass
        thumbnail = threading.Thread(target=_note, args=(budget, 1, order, "thumbnail"))
        thumbnail.start()
        while len(budget._waiting) < 2:
            pass
        assert order == []
    poster.join(10)
    thumbnail.join(10)
    assert order == ["poster", "thumbnail"]


def test_an_urgent_picture_goes_before_all_that_wait():
    """Even before a poster that came first, which is then served before later thumbnails."""
    budget, order, threads = MemoryBudget(TOTAL), [], []
    places = [("poster", 100, "standard"), ("thumbnail", 1, "bulk"), ("urgent", 60, "urgent")]
    with budget.held(60, "bulk"):
        for count, (name, wanted, lane) in enumerate(places):
            thread = threading.Thread(target=_note, args=(budget, wanted, order, name, lane))
            thread.start()
            threads.append(thread)
            while len(budget._waiting) <= count:
                pass
    for thread in threads:
        thread.join(10)
    assert order == ["urgent", "poster", "thumbnail"]


def _note(budget, wanted, order, name, lane="standard"):
    with budget.held(wanted, lane):
        order.append(name)


def test_a_picture_larger_than_the_budget_goes_alone():
    """It is not refused for its weight: the limits on pixels say what is refused."""
    budget = MemoryBudget(TOTAL)
    with budget.held(10 * TOTAL, "standard"):
        assert budget._free == 0
    assert budget._free == TOTAL


def test_a_wait_ends_when_its_item_must_stop():
    """What the check raises comes out, and the place in the line is given up."""

    class Draining(Exception):
        pass

    def check() -> None:
        raise Draining

    budget = MemoryBudget(TOTAL)
    with budget.held(TOTAL, "standard"):
        with pytest.raises(Draining), budget.held(1, "standard", check):
            pytest.fail("there was no room")
        assert not budget._waiting
    with budget.held(TOTAL, "standard"):
        pass
