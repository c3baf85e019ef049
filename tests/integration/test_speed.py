"""Fewer steps: the demo's trained painter still paints what was asked for."""

from dataclasses import replace

import numpy as np
import pytest

from infra.bench.scenes import GUIDANCE, MODEL, WORKING_SIZE, scenes
from infra.demo.judges import dominant_colour
from shared.sampling import sampling_of
from shared.styles import Style
from worker.inpaint.protocol import InpaintRequest
from worker.models.load import load_painter
from worker.pictures.profiles import SRGB
from worker.pixels.crops import plan_crops
from worker.pixels.views import views_of

SCENES = 8


@pytest.fixture(scope="module")
def painted():
    """Scenes with what was asked, and their squares as painted exactly and with fewer steps."""
    asked = [(scene, _asked(scene)) for scene in scenes(SCENES, (240, 320))]
    painter = load_painter(MODEL, "cpu")
    requests = [request for _, request in asked]
    exact = painter.paint(requests)
    quick = painter.paint([replace(one, **_sampling("fewer_steps")) for one in requests])
    colours = [scene.look for scene, _ in asked]
    return list(zip(requests, colours, exact, quick, strict=True))


def _sampling(speed):
    style = Style(mask_prompt="the dress", prompt="a red dress", speed=speed)
    return sampling_of(style).model_dump()


def _asked(scene):
    plan = plan_crops(scene.repaint.hard, WORKING_SIZE)
    view, *_ = views_of(scene.rgb, SRGB, scene.repaint, plan, WORKING_SIZE)
    return InpaintRequest(
        model="demo",
        picture=view.seen,
        mask=view.mask,
        prompt=f"a {scene.look} {scene.kind}",
        guidance_scale=GUIDANCE,
        seed=scene.seed,
        **_sampling("exact"),
    )


def _right(painted, which):
    """How many squares show the colour that was asked for; `which` is 2 (exact) or 3 (quick)."""
    return sum(dominant_colour(row[which], row[0].mask > 0) == row[1] for row in painted)


def test_fewer_steps_paint_the_asked_colour(painted):
    """Most squares have it, and hardly fewer than with all the steps."""
    exact, quick = _right(painted, 2), _right(painted, 3)
    assert quick >= SCENES - 2
    assert quick >= exact - 1


def test_fewer_steps_paint_another_picture(painted):
    """It is a choice and no optimization: the pixels differ."""
    assert all(np.abs(exact.astype(int) - quick).max() > 2 for _, _, exact, quick in painted)
