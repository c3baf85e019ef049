"""Scaling: flat stays flat, whichever way."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.pixels.scaling import scale

levels = st.integers(0, 255)


@settings(deadline=None, max_examples=40)
@given(st.tuples(levels, levels, levels), st.integers(8, 40), st.integers(1, 200))
def test_a_flat_colour_stays_exactly_as_it_is(colour, side, target):
    """Enlarged or reduced, by any factor."""
    flat = np.full((side, side, 3), colour, dtype=np.uint8)
    assert (scale(flat, (target, target)) == colour).all()
