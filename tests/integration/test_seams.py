"""Seams: on the demo's trained painter, the correction of drift makes them less visible."""

import numpy as np
import pytest

from infra.bench.scenes import MODEL, WORKING_SIZE, banner, one_crop, render, scenes
from infra.bench.seams import sharpness, step, wall_inside
from infra.demo.judges import dominant_colour
from worker.models.load import load_painter
from worker.pixels.crops import plan_crops


@pytest.fixture(scope="module")
def painter():
    """The demo's painter on the CPU."""
    return load_painter(MODEL, "cpu")


@pytest.fixture(scope="module")
def rendered(painter):
    """Held-out garments, painted with and without the correction."""
    pairs = []
    for scene in scenes(6, (480, 640)):
        plan = plan_crops(scene.repaint.hard, WORKING_SIZE)
        pairs.append((scene, render(scene, plan, painter)))
    return pairs


def test_the_step_at_the_edge_shrinks_on_every_garment(rendered):
    """Where painted wall meets the source's wall, by a third on average and never the other way."""
    ratios = []
    for scene, done in rendered:
        wall = wall_inside(scene, done)
        before, after = (step(rgb, scene.rgb, wall) for rgb in (done.plain, done.corrected))
        ratios.append(after / before)
    assert max(ratios) < 1
    assert np.mean(ratios) < 0.67


def test_the_asked_colour_is_what_it_was_without_the_correction(rendered):
    """Edges move towards the source, garments do not."""
    for scene, done in rendered:
        ours, plain = (dominant_colour(rgb, scene.garment) for rgb in (done.corrected, done.plain))
        assert ours == plain


def test_kept_pixels_are_the_sources_whatever_was_corrected(rendered):
    """The correction is of painted pixels only."""
    for scene, done in rendered:
        kept = scene.repaint.alpha == 0
        assert np.array_equal(done.corrected[kept], scene.rgb[kept])


def test_two_small_garments_are_sharper_in_squares_of_their_own(painter):
    """Striped dresses at the ends of a wide picture: edges half as steep again."""
    scene = banner(300, (300, 400))
    plan = plan_crops(scene.repaint.hard, WORKING_SIZE)
    assert len(plan.crops) == 2
    pictures = [render(scene, crops, painter).corrected for crops in (plan, one_crop(scene))]
    several, one = (sharpness(rgb, scene.garment) for rgb in pictures)
    assert several > 1.5 * one
