"""Seams: how visible the edges of painted garments are, in figures and in a picture.

`python -m infra.bench.seams` also writes the picture, `infra/demo/seams.png`.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console

from infra.bench.measure import Ratio
from infra.bench.scenes import (
    FIRST_SEED,
    MODEL,
    WORKING_SIZE,
    Rendering,
    Scene,
    banner,
    one_crop,
    render,
    scenes,
)
from infra.bench.seam_picture import Comparison, crop_section, drift_section, page_of
from infra.bench.table import table_of
from infra.demo.catalogue import draw
from infra.demo.judges import dominant_colour
from worker.arrays import Grey, Map, Mask, Rgb
from worker.inpaint.protocol import Painter
from worker.models.load import load_painter
from worker.pixels.crops import plan_crops
from worker.pixels.enlargement import enlarge
from worker.pixels.scaling import scale

PICTURE = Path(__file__).parents[1] / "demo" / "seams.png"
#: Garments that are painted, and the size of their pictures.
GARMENTS, SIZE = 16, (720, 960)
#: The first of them are in the picture, with a window of so many pixels on their edge.
SHOWN, DETAIL_PX = 3, 60
#: Two people of this size, so far apart.
PERSON, GAP_PX = (300, 400), 300
#: A painted pixel shows the wall when no channel is farther from it; as in drift.
WALL_LEVELS = 32
#: Side of the window that a step is averaged over: the eye sees steps, not the painter's noise.
WINDOW = 9


def drift() -> Ratio:
    """The step at the edge on plain wall, drift corrected, against the painter's own colours."""
    rendered = _rendered()
    walls = [wall_inside(scene, done) for scene, done in rendered]
    pairs = list(zip(rendered, walls, strict=True))
    ours = np.mean([step(done.corrected, scene.rgb, wall) for (scene, done), wall in pairs])
    plain = np.mean([step(done.plain, scene.rgb, wall) for (scene, done), wall in pairs])
    against = f"no correction; {_asked(rendered)} asked colours with and without it"
    return Ratio(
        "step at the edge", float(ours), float(plain), "levels", against, more_is_better=False
    )


def crops() -> Ratio:
    """Sharpness of two small garments far apart, a square for each against one for both."""
    scene, one, several = _banners()
    ours, single = (sharpness(rgb, scene.garment) for rgb in (several, one))
    return Ratio("sharpness of two dresses", ours, single, "levels/px", "one square for both")


def enlargement() -> Ratio:
    """What drawings lose when they are reduced to a quarter and enlarged again."""
    ours, plain = [], []
    for seed in range(GARMENTS):
        pixels = np.asarray(draw(FIRST_SEED + seed, SIZE).image)[:720]
        small = scale(pixels, (180, 180))
        ours.append(_rms(enlarge(small, 720), pixels))
        plain.append(_rms(scale(small, (720, 720)), pixels))
    lost, against = (float(np.mean(ours)), float(np.mean(plain))), "bicubic, not sharpened"
    return Ratio("error of enlarging by 4", *lost, "levels", against, more_is_better=False)


def main() -> None:
    """Print the figures and write the picture."""
    figures = drift(), crops(), enlargement()
    Console().print(table_of(figures))
    garments = [_closely(scene, done) for scene, done in _rendered()[:SHOWN]]
    sections = (
        drift_section(_drift_caption(figures[0]), garments),
        crop_section(_crop_caption(figures[1]), _banner_closely()),
    )
    page_of(sections).save(PICTURE, optimize=True)
    Console().print(f"wrote {PICTURE}")


def wall_inside(scene: Scene, done: Rendering) -> Mask:
    """Pixels inside the mask where wall was drawn and the painter has painted wall again."""
    away = cv2.absdiff(done.plain, scene.rgb).max(axis=2) > WALL_LEVELS
    wall = scene.repaint.hard & (scene.labels == 0) & ~away
    opened = cv2.morphologyEx(wall.view(np.uint8), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    return np.asarray(opened > 0, dtype=np.bool_)


def step(result: Rgb, source: Rgb, wall: Mask) -> float:
    """How far the painted wall is from the drawn one, RMS of local means, in levels."""
    return float(np.sqrt(np.mean(np.square(local_step(result, source, wall)[wall]))))


def local_step(result: Rgb, source: Rgb, wall: Mask) -> Map:
    """The mean difference around each pixel, over wall only: float32, H x W x 3."""
    weight = wall.astype(np.float32)[..., None]
    difference = (result.astype(np.float32) - source) * weight
    counted = cv2.blur(weight, (WINDOW, WINDOW))[..., None]
    return np.asarray(cv2.blur(difference, (WINDOW, WINDOW)) / np.maximum(counted, 1e-6))


def sharpness(rgb: Rgb, where: Mask) -> float:
    """The steepest brightness gradients there (95th percentile), in levels a pixel."""
    grey: Grey = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    across, down = (cv2.Sobel(grey, cv2.CV_32F, *axes, scale=1 / 8) for axes in ((1, 0), (0, 1)))
    inside = cv2.erode(where.view(np.uint8), np.ones((9, 9), np.uint8)) > 0
    return float(np.percentile(np.hypot(across, down)[inside], 95))


def _asked(rendered: Sequence[tuple[Scene, Rendering]]) -> str:
    """`23 and 24 of 24`: how many garments have the asked colour, corrected and as painted."""
    corrected = sum(_has_colour(scene, done.corrected) for scene, done in rendered)
    plain = sum(_has_colour(scene, done.plain) for scene, done in rendered)
    return f"{corrected} and {plain} of {len(rendered)}"


def _has_colour(scene: Scene, rgb: Rgb) -> bool:
    return dominant_colour(rgb, scene.garment) == scene.look


def _drift_caption(figure: Ratio) -> str:
    return (
        f"The step at the painted edge, where it lies on wall: {figure.baseline:.1f} levels as "
        f"painted, {figure.ours:.1f} with the drift corrected ({GARMENTS} garments, RMS). The "
        f"first {SHOWN}, and the place where each had its largest step:"
    )


def _crop_caption(figure: Ratio) -> str:
    return (
        f"Two small dresses far apart, wanted in red stripes: edges of {figure.baseline:.0f} "
        f"levels a pixel in one square for both, {figure.ours:.0f} in a square each:"
    )


def _closely(scene: Scene, done: Rendering) -> Comparison:
    """Where the step was largest before."""
    wall = wall_inside(scene, done)
    steps = np.abs(local_step(done.plain, scene.rgb, wall)).max(axis=2) * wall
    row, column = np.unravel_index(int(steps.argmax()), steps.shape)
    centre = int(row), int(column)
    return Comparison(scene.rgb, done.plain, done.corrected, centre, DETAIL_PX)


@cache
def _banners() -> tuple[Scene, Rgb, Rgb]:
    """The wide picture, painted in one square and in several."""
    scene, painter = banner(GAP_PX, PERSON), _painter()
    several = render(scene, plan_crops(scene.repaint.hard, WORKING_SIZE), painter)
    return scene, render(scene, one_crop(scene), painter).corrected, several.corrected


def _banner_closely() -> Comparison:
    scene, one, several = _banners()
    left = scene.garment[:, : PERSON[0]]
    rows, columns = (np.flatnonzero(left.any(axis=axis)) for axis in (1, 0))
    centre = int(rows.mean()), int(columns.mean())
    return Comparison(scene.rgb, one, several, centre, len(rows) + 40)


@cache
def _rendered() -> list[tuple[Scene, Rendering]]:
    painter, done = _painter(), []
    for scene in scenes(GARMENTS, SIZE):
        plan = plan_crops(scene.repaint.hard, WORKING_SIZE)
        done.append((scene, render(scene, plan, painter)))
    return done


@cache
def _painter() -> Painter:
    return load_painter(MODEL, "cpu")


def _rms(ours: Rgb, truth: Rgb) -> float:
    return float(np.sqrt(np.mean(np.square(ours.astype(np.float32) - truth))))


if __name__ == "__main__":
    main()
