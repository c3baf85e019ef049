"""Buckets: a handful of sizes, each call padded to one of them."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from worker.inpaint.buckets import bucket_of, bucket_sizes, padded


@given(largest=st.integers(1, 128))
def test_there_are_few_sizes_up_to_the_largest(largest):
    """Ascending from 1, each at most twice the one before: less than half of a call is padding."""
    sizes = bucket_sizes(largest)
    assert (sizes[0], sizes[-1]) == (1, largest)
    assert all(small < large <= 2 * small for small, large in pairwise(sizes))
    assert len(sizes) <= largest.bit_length() + 1


@given(rows=st.integers(1, 200), largest=st.integers(1, 128))
def test_a_call_takes_the_smallest_size_that_holds_it(rows, largest):
    """No other bucket would do with less; what is larger than all of them is left as it is."""
    sizes = bucket_sizes(largest)
    size = bucket_of(rows, sizes)
    if rows > largest:
        assert size == rows
        return
    assert size in sizes
    assert size >= rows
    assert [other for other in sizes if rows <= other < size] == []
    assert size < 2 * rows


@given(rows=st.lists(st.integers(), min_size=1, max_size=40), largest=st.integers(1, 40))
def test_padding_follows_the_rows(rows, largest):
    """The rows come first, in their order; what follows repeats the last; no sizes, no padding."""
    full = padded(rows, bucket_sizes(largest))
    assert full[: len(rows)] == rows
    assert set(full[len(rows) :]) <= {rows[-1]}
    assert len(full) == bucket_of(len(rows), bucket_sizes(largest))
    assert padded(rows, ()) == rows
