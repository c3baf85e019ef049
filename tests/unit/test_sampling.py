"""Sampling: what a style's speed makes of its solver and steps."""

from typing import get_args

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shared.sampling import FEWEST_STEPS, SPEEDS, sampling_of
from shared.styles import Scheduler, Speed, Style

FIELDS = {"mask_prompt": "the dress", "prompt": "a red dress"}


def style(**fields) -> Style:
    """A style with these fields."""
    return Style(**FIELDS, **fields)


def test_every_speed_of_a_style_is_in_the_table():
    """The table and the styles' vocabulary are one."""
    assert set(SPEEDS) == set(get_args(Speed))


def test_exact_is_what_the_style_says():
    """Nothing is changed behind a person's back."""
    sampling = sampling_of(style(steps=45, scheduler="ddim"))
    assert (sampling.scheduler, sampling.steps) == ("ddim", 45)


@given(
    steps=st.integers(1, 200),
    strength=st.floats(0.005, 1),
    scheduler=st.sampled_from(get_args(Scheduler)),
)
def test_fewer_steps_are_half_of_them_but_enough(steps, strength, scheduler):
    """Never more than asked for, never too few to run, and eight where there were so many."""
    assume(int(steps * strength) >= 1)
    asked = style(steps=steps, strength=strength, scheduler=scheduler, speed="fewer_steps")
    sampling = sampling_of(asked)
    assert steps / 2 <= sampling.steps <= steps
    assert sampling.steps >= min(steps, FEWEST_STEPS)
    assert int(sampling.steps * strength) >= 1
    if strength == 1:
        assert sampling.steps <= max(FEWEST_STEPS, (steps + 1) // 2)


@pytest.mark.parametrize(
    ("asked", "used"),
    [("euler", "dpmsolver++"), ("ddim", "dpmsolver++"), ("unipc", "unipc")],
)
def test_fewer_steps_need_a_solver_of_higher_order(asked, used):
    """One that the style chose itself is kept."""
    assert sampling_of(style(scheduler=asked, speed="fewer_steps")).scheduler == used


def test_the_speed_is_part_of_the_digest():
    """Quicker pictures are other pictures: they get keys of their own."""
    assert style().digest != style(speed="fewer_steps").digest
