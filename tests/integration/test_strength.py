"""Strength: below 1 the demo's trained painter keeps the form of the garment that was there."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from infra.bench.scenes import FIRST_SEED, GUIDANCE, MODEL, WORKING_SIZE
from infra.demo.catalogue import draw, mask_of
from infra.demo.judges import dominant_colour
from worker.inpaint.protocol import InpaintRequest
from worker.models.load import load_painter
from worker.pictures.profiles import SRGB
from worker.pixels.crops import plan_crops
from worker.pixels.repaint import Repaint
from worker.pixels.views import views_of

#: From much to little, and the drawings that are painted at each.
STRENGTHS = (1.0, 0.6, 0.4)
DRAWINGS = 6


@pytest.fixture(scope="module")
def painted():
    """Patterned garments as seen, where they are, the colour asked for, and a square a strength."""
    asked = [_asked(drawing, garment) for drawing, garment in _patterned()]
    painter = load_painter(MODEL, "cpu")
    columns = [
        painter.paint([replace(request, strength=strength) for request, _ in asked])
        for strength in STRENGTHS
    ]
    return [
        (request.picture, request.mask > 0, colour, squares)
        for (request, colour), squares in zip(asked, zip(*columns, strict=True), strict=True)
    ]


def _patterned():
    """Held-out drawings with a garment that has a form to keep."""
    found, seed = [], FIRST_SEED + 500
    while len(found) < DRAWINGS:
        drawing = draw(seed, (240, 320))
        found += [(drawing, one) for one in drawing.garments[:1] if one.pattern != "solid"]
        seed += 1
    return found


def _asked(drawing, garment):
    """The same pattern in another colour, and that colour."""
    mask = mask_of(drawing, garment.kind)
    plan, repaint = plan_crops(mask, WORKING_SIZE), Repaint(mask, mask * np.uint8(255))
    (view,) = views_of(np.asarray(drawing.image), SRGB, repaint, plan, WORKING_SIZE)
    colour = "red" if garment.colour == "blue" else "blue"
    request = InpaintRequest(
        model="demo",
        picture=view.seen,
        mask=view.mask,
        prompt=f"a {colour} {garment.pattern} {garment.kind}",
        guidance_scale=GUIDANCE,
    )
    return request, colour


def likeness(one, other, inside) -> float:
    """Correlation of the brightness gradients inside a mask: 1 for the same folds and stripes."""
    return float(
        np.corrcoef(_gradients(one)[inside].ravel(), _gradients(other)[inside].ravel())[0, 1]
    )


def _gradients(rgb):
    grey = cv2.GaussianBlur(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32), (0, 0), 1)
    return np.dstack([cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)])


def test_the_less_strength_the_more_of_the_form_is_kept(painted):
    """On each drawing the gradients are nearer to the source's by far, in the order of strength."""
    for seen, inside, _, squares in painted:
        anew, kept, kept_more = (likeness(square, seen, inside) for square in squares)
        assert kept > anew + 0.2
        assert kept_more > kept


def test_the_colour_changes_all_the_same(painted):
    """Keeping the form is not keeping the garment: at 0.6 most have the asked colour."""
    right = [
        dominant_colour(squares[1], inside) == colour for _, inside, colour, squares in painted
    ]
    assert sum(right) >= DRAWINGS - 1
