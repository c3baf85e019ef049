"""Drift: measured at the edge of the mask, corrected there, and nowhere made worse."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.pixels.composite import cut, cut_mask
from worker.pixels.crops import Crop
from worker.pixels.drift import COMPARABLE_LEVELS, MAX_SHIFT_LEVELS, REACH, corrected
from worker.pixels.shapes import feather
from worker.pixels.views import View

SIDE = 128
RED = (200, 30, 40)


def wall() -> np.ndarray:
    """A smooth studio wall."""
    y, x = np.mgrid[:SIDE, :SIDE]
    return np.dstack([200 + x // 6, 190 + y // 6, 180 + (x + y) // 12]).astype(np.uint8)


def view(seen, *, softness=6) -> View:
    """A garment's square mask in the middle."""
    mask = np.zeros((SIDE, SIDE), dtype=bool)
    mask[32:96, 32:96] = True
    alpha, crop = feather(mask, softness), Crop(0, 0, SIDE)
    return View(seen, cut_mask(alpha, crop, SIDE), cut(alpha, crop, SIDE))


def shifted(rgb, shift) -> np.ndarray:
    """All pixels moved by some levels a channel."""
    return np.clip(rgb.astype(int) + shift, 0, 255).astype(np.uint8)


def error(rgb, truth, where) -> float:
    """Mean difference in levels."""
    return float(np.abs(rgb[where].astype(int) - truth[where]).mean())


@pytest.mark.parametrize("shift", [(6, 6, 6), (-8, 3, 10)])
def test_a_tint_is_taken_from_the_edge(shift):
    """A painter whose whole square is tinted leaves no step at the edge."""
    seen = wall()
    asked = view(seen)
    square = corrected(shifted(seen, shift), asked)
    edge = (asked.mask > 0) & (asked.soft < 128)
    assert error(square.rgb, seen, edge) < 0.2 * np.abs(shift).mean()
    assert square.drift.before == pytest.approx(np.sqrt(np.mean(np.square(shift))), rel=0.15)
    assert square.drift.after < 0.2 * square.drift.before


def test_a_tint_that_changes_along_the_edge_is_followed():
    """Warmer on the left, cooler on the right."""
    seen = wall()
    tint = np.linspace(12, -12, SIDE)[None, :, None] * np.array([1, 0, -1])
    square = corrected(shifted(seen, tint.round()), view(seen))
    assert square.drift.after < 0.3 * square.drift.before


def test_the_asked_colour_stays():
    """Whatever the edge shows, the middle of the garment is as the painter made it."""
    seen = wall()
    painted = shifted(seen, (9, -9, 9))
    painted[40:88, 40:88] = RED
    square = corrected(painted, view(seen))
    assert np.abs(square.rgb[56:72, 56:72].astype(int) - RED).max() <= 1
    assert square.drift.after < square.drift.before


def test_without_drift_nothing_moves():
    """Where kept pixels come back as they were, the square is the painter's own."""
    seen = wall()
    painted = seen.copy()
    painted[40:88, 40:88] = RED
    square = corrected(painted, view(seen))
    assert np.array_equal(square.rgb, painted)
    assert (square.drift.before, square.drift.after) == (0, 0)


def test_another_thing_at_the_edge_is_no_drift():
    """A garment that reaches the edge of its mask is not bleached by the wall behind it."""
    painted = np.full((SIDE, SIDE, 3), RED, dtype=np.uint8)
    square = corrected(painted, view(wall()))
    assert square.drift is None
    assert np.array_equal(square.rgb, painted)


def test_a_hard_mask_is_measured_on_the_ring_outside():
    """Inside an exact mask without a soft edge lies the old garment: nothing to compare with."""
    seen = wall()
    seen[32:96, 32:96] = (20, 120, 60)
    painted = shifted(wall(), (8, 8, 8))
    painted[32:96, 32:96] = (30, 110, 70)
    square = corrected(painted, view(seen, softness=0))
    assert square.drift.before > 4
    # The new green, near the old one, is moved by the wall's tint and not towards the old green.
    assert (square.rgb[33:95, 33:95].astype(int) <= (30, 110, 70)).all()


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 999), st.integers(0, 12), st.floats(0, 60))
def test_no_pixel_moves_far_and_no_drift_grows(seed, softness, noise):
    """Whatever was painted: the limit holds, the band is nearer to the source or untouched."""
    rng, seen = np.random.default_rng(seed), wall()
    painted = shifted(seen, rng.normal(rng.integers(-20, 20, 3), noise, seen.shape).round())
    asked = view(seen, softness=softness)
    square = corrected(painted, asked)
    assert np.abs(square.rgb.astype(int) - painted).max() <= MAX_SHIFT_LEVELS
    if square.drift is None:
        assert np.array_equal(square.rgb, painted)
    else:
        assert square.drift.after <= square.drift.before <= COMPARABLE_LEVELS
    middle = slice(SIDE // 2 - 2, SIDE // 2 + 2)
    most = MAX_SHIFT_LEVELS * np.exp(-(28 - softness) / (REACH * SIDE)) + 0.5
    assert np.abs(square.rgb[middle, middle].astype(int) - painted[middle, middle]).max() <= most
