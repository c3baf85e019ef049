"""The loss over the steps, as a picture; torch-free."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from worker.finetune.journal import SMOOTH_STEPS, Entry

#: Width and height, and the margins left, top, right, below, in pixels.
SIZE, MARGINS = (720, 320), (64, 30, 16, 34)
PAPER, INK, GRID = (255, 255, 255), (60, 60, 66), (228, 228, 232)
#: Of the whole loss, and of its parts for style and class.
COLOURS = {"loss": (37, 99, 235), "instance": (220, 90, 40), "prior": (30, 150, 100)}
#: Lines across.
TICKS = 4

Numbers = npt.NDArray[np.float64]


def loss_plot(entries: Sequence[Entry]) -> Image.Image:
    """Means over some steps of the loss and its two parts; single losses jump with their draws."""
    image = Image.new("RGB", SIZE, PAPER)
    draw = ImageDraw.Draw(image)
    curves = _curves(entries)
    top = max((float(curve.max()) for curve in curves.values() if len(curve)), default=1.0) or 1.0
    steps = np.array([entry.step for entry in entries], dtype=np.float64)
    _frame(draw, top, steps)
    for place, (name, curve) in enumerate(curves.items()):
        points = list(zip(*_placed(steps, curve, top), strict=True))
        if len(points) > 1:
            draw.line(points, fill=COLOURS[name], width=2, joint="curve")
        draw.text((MARGINS[0] + 110 * place, 8), name, fill=COLOURS[name], font=_font())
    return image


def _curves(entries: Sequence[Entry]) -> dict[str, Numbers]:
    parts = ("loss", "instance", "prior") if any(entry.prior for entry in entries) else ("loss",)
    return {
        name: _smooth(np.array([getattr(entry, name) for entry in entries], dtype=np.float64))
        for name in parts
    }


def _smooth(values: Numbers) -> Numbers:
    """Each step's mean with those before it; the first ones have fewer."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(1, len(sums))
    starts = np.maximum(0, ends - SMOOTH_STEPS)
    means: Numbers = (sums[ends] - sums[starts]) / (ends - starts)
    return means


def _placed(steps: Numbers, values: Numbers, top: float) -> tuple[Numbers, Numbers]:
    left, above, right, below = MARGINS
    width, height = SIZE[0] - left - right, SIZE[1] - above - below
    first, last = (float(steps[0]), float(steps[-1])) if len(steps) else (0.0, 1.0)
    x = left + width * (steps - first) / max(1.0, last - first)
    return x, above + height * (1 - values / top)


def _frame(draw: ImageDraw.ImageDraw, top: float, steps: Numbers) -> None:
    left, above, right, below = MARGINS
    height = SIZE[1] - above - below
    for tick in range(TICKS + 1):
        y = above + height * tick / TICKS
        draw.line([(left, y), (SIZE[0] - right, y)], fill=GRID)
        value = f"{top * (1 - tick / TICKS):.3f}"
        draw.text((left - 6, y), value, fill=INK, font=_font(), anchor="rm")
    if len(steps):
        y = SIZE[1] - below + 8
        draw.text((left, y), f"step {steps[0]:.0f}", fill=INK, font=_font())
        draw.text((SIZE[0] - right, y), f"{steps[-1]:.0f}", fill=INK, font=_font(), anchor="ra")


def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(14)
