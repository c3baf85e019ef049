"""The drawn catalogue: deterministic, any size, and its facts are true of its pixels."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.demo.catalogue import LABELS, draw, mask_of
from infra.demo.wardrobe import KINDS


@given(seed=st.integers(0, 10**7))
@settings(max_examples=25, deadline=None)
def test_same_seed_same_picture(seed: int) -> None:
    """A seed and a size decide every pixel."""
    one, two = draw(seed, (72, 96)), draw(seed, (72, 96))
    assert one.image.tobytes() == two.image.tobytes()
    assert np.array_equal(one.labels, two.labels)


@given(seed=st.integers(0, 10**7))
@settings(max_examples=25, deadline=None)
def test_garments_named_are_the_garments_drawn(seed: int) -> None:
    """The label map holds exactly the kinds that the facts name, and a whole person."""
    drawing = draw(seed, (96, 128))
    worn = {garment.kind for garment in drawing.garments}
    assert {kind for kind in KINDS if mask_of(drawing, kind).any()} == worn
    assert all(mask_of(drawing, part).any() for part in ("face", "hair", "hands", "shoes"))


@given(seed=st.integers(0, 10**7))
@settings(max_examples=50, deadline=None)
def test_top_and_bottom_never_share_a_colour(seed: int) -> None:
    """Otherwise a top with a skirt could not be told from a dress."""
    colours = [garment.colour for garment in draw(seed, (48, 64)).garments]
    assert len(set(colours)) == len(colours)


@pytest.mark.parametrize("size", [(600, 900), (900, 1200), (800, 800), (1200, 900), (128, 128)])
def test_any_size_shows_the_whole_person(size: tuple[int, int]) -> None:
    """Picture and labels have the asked size, and nobody leaves the frame."""
    for seed in range(4):
        drawing = draw(seed, size)
        assert drawing.image.size == size
        assert drawing.labels.shape == size[::-1]
        person = mask_of(drawing, "person")
        edge = np.concatenate([person[0], person[-1], person[:, 0], person[:, -1]])
        assert not edge.any()


def test_a_look_is_the_same_at_every_size() -> None:
    """Facts and proportions do not depend on the pixels."""
    small, large = draw(11, (96, 128)), draw(11, (384, 512))
    assert small.garments == large.garments
    coarse = large.labels[2::4, 2::4]
    assert (coarse == small.labels).mean() > 0.97


def test_groups_are_the_union_of_their_labels() -> None:
    """Skin, clothes and person are made of labels, and background is the rest."""
    drawing = draw(5)
    parts = [mask_of(drawing, name) for name in ("face", "neck", "arms", "hands", "legs")]
    assert np.array_equal(mask_of(drawing, "skin"), np.logical_or.reduce(parts))
    assert np.array_equal(mask_of(drawing, "person"), ~mask_of(drawing, "background"))
    assert drawing.labels.max() < len(LABELS)


def test_training_pictures_are_quick() -> None:
    """A training set of thousands is minutes, not hours (a wide margin for busy machines)."""
    began = time.process_time()
    for seed in range(20):
        draw(seed, (96, 128))
    assert time.process_time() - began < 1.0
