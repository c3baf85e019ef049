"""The figures of a worker: spreads, tallies, and the difference of two snapshots."""

import threading
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.batching import BatcherStats
from worker.figures import Figures, Snapshot, is_idle
from worker.spread import Spread
from worker.tally import STAGE_BOUNDS, Counts, Ending, Tally
from worker.timings import Timings

VALUES = st.lists(st.floats(0, 1_000), max_size=30)
ENDINGS = st.lists(
    st.one_of(
        st.just(Ending("done")),
        st.builds(Ending, st.just("failed"), st.sampled_from(["mask_empty", "model_invalid"])),
        st.builds(Ending, st.just("retried"), st.just("storage_unavailable")),
    ),
    max_size=20,
)
SIZES = st.lists(st.integers(1, 8), max_size=20)


def spread_of(values) -> Spread:
    """A spread that has seen the values."""
    spread = Spread.empty(STAGE_BOUNDS)
    for value in values:
        spread = spread.plus(value)
    return spread


def snapshot(at, *, endings=(), calls=(), stages=None, waiting=0, in_hand=0, busy=0.0) -> Snapshot:
    """A snapshot of a process that saw all this since its start."""
    device = BatcherStats(len(calls), sum(calls), busy_seconds=busy, sizes=Counter(calls))
    spreads = {name: spread_of(values) for name, values in (stages or {}).items()}
    return Snapshot(
        at=at,
        counts=Counts(Counter(endings), spreads),
        device=device,
        waiting=waiting,
        in_hand=in_hand,
    )


@given(VALUES)
def test_a_spread_counts_every_value_once_below_its_bound(values):
    """Up to each bound lie as many values as are not above it; sum and mean are those of all."""
    spread = spread_of(values)
    for place, bound in enumerate(STAGE_BOUNDS):
        assert sum(spread.counts[: place + 1]) == sum(value <= bound for value in values)
    assert spread.count == len(values)
    assert spread.total == pytest.approx(sum(values))
    assert spread.mean * len(values) == pytest.approx(sum(values))


@given(VALUES, VALUES)
def test_the_difference_of_two_spreads_is_what_came_between(first, second):
    """A later state less an earlier one is the spread of the values between them."""
    between = spread_of(first + second).since(spread_of(first))
    assert between.counts == spread_of(second).counts
    assert between.total == pytest.approx(sum(second))
    assert spread_of(second).since(None) == spread_of(second)


@given(
    st.tuples(ENDINGS, SIZES, VALUES),
    st.tuples(ENDINGS, SIZES, VALUES),
    st.floats(0.1, 10_000),
    st.floats(0, 1),
)
def test_figures_tell_what_happened_between_and_nothing_before(before, between, seconds, share):
    """Whatever was counted before the earlier snapshot moves no figure."""
    earlier = snapshot(
        5.0, endings=before[0], calls=before[1], stages={"mask": before[2]}, busy=3.0
    )
    later = snapshot(
        5.0 + seconds,
        endings=before[0] + between[0],
        calls=before[1] + between[1],
        stages={"mask": before[2] + between[2]},
        busy=3.0 + share * seconds,
        waiting=7,
        in_hand=9,
    )
    figures = Figures.between(earlier, later)
    done = sum(ending.state == "done" for ending in between[0])
    assert figures.images_per_minute == pytest.approx(60 * done / seconds, rel=1e-6, abs=0.051)
    assert figures.device_busy_percent == pytest.approx(100 * share, abs=0.051)
    calls = between[1]
    assert figures.mean_batch == pytest.approx(sum(calls) / max(len(calls), 1), abs=0.0051)
    for state, told in (("failed", figures.failed), ("retried", figures.retried)):
        assert told == Counter(ending.code for ending in between[0] if ending.state == state)
    if between[2]:
        mean = sum(between[2]) / len(between[2])
        assert figures.stage_seconds == {"mask": pytest.approx(mean, abs=0.001)}
    else:
        assert figures.stage_seconds == {}
    assert (figures.waiting, figures.in_hand) == (7, 9)


CHANGES = {
    "an item ended": {"endings": [Ending("done")]},
    "a stage was left": {"stages": {"fetch": [1.0]}},
    "a call ended": {"calls": [1]},
    "a call runs": {"busy": 0.5},
    "a request waits": {"waiting": 1},
    "an item is under way": {"in_hand": 1},
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_process_that_did_anything_is_not_idle(change):
    """Each single sign of work counts."""
    assert not is_idle(snapshot(0.0), snapshot(1.0, **CHANGES[change]))


def test_a_process_in_which_nothing_moved_is_idle():
    """However much it did before."""
    past = {"endings": [Ending("done")] * 3, "calls": [3], "stages": {"fetch": [1.0]}, "busy": 2.0}
    assert is_idle(snapshot(0.0, **past), snapshot(60.0, **past))


def test_a_tally_of_many_threads_loses_nothing():
    """Item threads count at once; the sums are those of all of them."""
    tally, together = Tally(), threading.Barrier(8)

    def work():
        together.wait()
        for _ in range(200):
            times = Timings()
            with times.stage("fetch"), times.stage("mask"):
                pass
            tally.spent(times)
            tally.ended(Ending("done"))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counts = tally.counts()
    assert counts.items == {Ending("done"): 1_600}
    assert {name: spread.count for name, spread in counts.stages.items()} == {
        "fetch": 1_600,
        "mask": 1_600,
    }


def test_a_tally_that_was_read_does_not_change_any_more():
    """Counts are a picture of one moment."""
    tally = Tally()
    tally.ended(Ending("done"))
    counts = tally.counts()
    tally.ended(Ending("done"))
    assert counts.items == {Ending("done"): 1}
