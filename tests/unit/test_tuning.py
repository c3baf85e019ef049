"""Tuning: each optimization is switchable, none is for the CPU, and calls fit a memory budget."""

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.optimizations import OPTIMIZATIONS, WarmUp, parse_optimizations, parse_warm_up
from worker.inpaint.tuning import VAE_CHUNK, Tuning, choose_tuning, fit

SIDES = (512, 768, 1024)


def switched_on(tuning: Tuning) -> set[str]:
    """Names of the tuning's switches that are on."""
    return {field.name for field in fields(tuning) if getattr(tuning, field.name) is True}


@given(wanted=st.sets(st.sampled_from(sorted(OPTIMIZATIONS))))
def test_a_gpu_does_what_is_wanted_and_nothing_else(wanted):
    """Each name switches one thing, and the reason names all that is off."""
    tuning = choose_tuning("cuda:0", wanted, max_batch=8)
    assert switched_on(tuning) == {"compiled" if one == "compile" else one for one in wanted}
    assert all((name in tuning.reason) == (name not in wanted) for name in OPTIMIZATIONS)


def test_only_compiled_calls_are_padded():
    """Padding costs time on the device; without graphs there is nothing to gain by it."""
    assert choose_tuning("cuda:0", max_batch=6).buckets == (1, 2, 4, 6)
    assert choose_tuning("cuda:0", {"sdpa"}, max_batch=6).buckets == ()


def test_a_cpu_paints_plainly():
    """Whatever is wanted."""
    tuning = choose_tuning("cpu", max_batch=8, memory_bytes=10**9)
    assert (switched_on(tuning), tuning.buckets, tuning.memory_bytes) == (set(), (), None)
    assert "CPU" in tuning.reason


@given(
    side=st.sampled_from(SIDES),
    most=st.integers(1, 128),
    budget=st.integers(1, 200_000_000_000),
    more=st.integers(0, 10**11),
)
def test_more_memory_never_makes_calls_smaller(side, most, budget, more):
    """One picture at least, as many as wanted at most, and never fewer for a larger budget."""
    small, large = fit(side, most, budget), fit(side, most, budget + more)
    assert 1 <= small.batch <= large.batch <= most
    assert 1 <= small.vae_chunk <= large.vae_chunk <= VAE_CHUNK


@given(most=st.integers(1, 128), budget=st.integers(1, 200_000_000_000))
def test_larger_squares_never_make_larger_calls(most, budget):
    """Memory goes by the pixels."""
    batches = [fit(side, most, budget).batch for side in SIDES]
    assert batches == sorted(batches, reverse=True)


def test_what_common_cards_hold():
    """16 GB paint 16 pictures of 768 px and more in a call, 6 GB a few; no budget, no limit."""
    assert fit(768, 16, 16_000_000_000).batch == 16
    assert 1 < fit(768, 32, 6_000_000_000).batch < 8
    assert fit(768, 128, None) == fit(512, 128, None)
    assert fit(768, 128, None).batch == 128


def test_settings_name_optimizations():
    """`all`, `none`, or some; a wrong name is answered with the near one."""
    assert parse_optimizations("all") == OPTIMIZATIONS.keys()
    assert parse_optimizations("none") == parse_optimizations("") == frozenset()
    assert parse_optimizations("sdpa, compile") == {"sdpa", "compile"}
    with pytest.raises(ValueError, match="did you mean compile"):
        parse_optimizations("sdpa,compil")


def test_settings_name_models_to_warm_up():
    """A reference may hold an @ of its own; the last one comes before the size."""
    asked = parse_warm_up("org/a@main@512, s3://b/m.tar.gz#sha256=00@768")
    assert asked == (WarmUp("org/a@main", 512), WarmUp("s3://b/m.tar.gz#sha256=00", 768))
    assert parse_warm_up("") == ()


@pytest.mark.parametrize("text", ["org/a", "org/a@", "@512", "org/a@500", "org/a@8", "org/a@main"])
def test_a_model_to_warm_up_has_a_size_that_a_style_may_have(text):
    """What is missing or odd is told with an example."""
    with pytest.raises(ValueError, match="is no model@size"):
        parse_warm_up(text)
