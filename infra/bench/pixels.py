"""Pixels: pasting a painted square into a large picture, against blending the whole of it."""

import numpy as np
from PIL import Image

from infra.bench.measure import Ratio, best_seconds
from worker.arrays import Grey, Rgb
from worker.pixels.composite import paste
from worker.pixels.crops import plan_crops

#: 24 megapixels, as a studio camera delivers them.
SIZE = (4_000, 6_000)
WORKING_SIZE = 512


def composite() -> Ratio:
    """Megapixels per second of one composite, a garment of a third of the picture's width."""
    rng = np.random.default_rng(0)
    width, height = SIZE
    source = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    alpha = np.zeros((height, width), dtype=np.uint8)
    alpha[height // 3 : height // 2, width // 3 : 2 * width // 3] = 255
    painted = rng.integers(0, 256, (WORKING_SIZE, WORKING_SIZE, 3), dtype=np.uint8)
    plan = plan_crops(alpha, WORKING_SIZE)
    ours = best_seconds(lambda: paste(source, [painted], plan, alpha), 3)
    naive = best_seconds(lambda: _blend_everything(source, painted, alpha), 3)
    megapixels = width * height / 1e6
    against = "the square stretched over the whole picture, blended in float32"
    return Ratio("composite", megapixels / ours, megapixels / naive, "Mpx/s", against)


def _blend_everything(source: Rgb, painted: Rgb, alpha: Grey) -> Rgb:
    height, width = alpha.shape
    whole = np.asarray(Image.fromarray(painted).resize((width, height), Image.Resampling.LANCZOS))
    weight = (alpha / np.float32(255))[..., None]
    blended = source * (1 - weight) + whole * weight
    return blended.round().astype(np.uint8)
