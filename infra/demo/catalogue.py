"""The drawn catalogue: people in a studio, deterministic by seed, at any size.

`draw(seed, size)` gives the picture, what each pixel is, and the facts about the garments.
The same seed is the same look at every size. Nothing here needs torch.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from infra.demo.canvas import Canvas, Point, mirrored, oval
from infra.demo.figures import CODE, LABELS, draw_figure
from infra.demo.palette import darker
from infra.demo.wardrobe import Garment, Look, Studio, look_of

__all__ = ["GROUPS", "LABELS", "Drawing", "Garment", "draw", "mask_of"]

#: Words for more than one label.
GROUPS: dict[str, tuple[str, ...]] = {
    "skin": ("face", "neck", "arms", "hands", "legs"),
    "clothes": ("top", "skirt", "trousers", "dress"),
    "person": LABELS[1:],
}


@dataclass(frozen=True)
class Drawing:
    """A catalogue picture with its truth."""

    image: Image.Image
    labels: NDArray[np.uint8]
    look: Look

    @property
    def garments(self) -> tuple[Garment, ...]:
        """Kind, colour and pattern of each garment."""
        return self.look.garments


def draw(seed: int, size: tuple[int, int] = (128, 128)) -> Drawing:
    """The picture that belongs to a seed, `size` being width and height in pixels."""
    return draw_look(look_of(seed), size)


def draw_look(look: Look, size: tuple[int, int] = (128, 128)) -> Drawing:
    """The picture of a look."""
    canvas = _canvas(size, look.studio)
    _draw_studio(canvas, look.studio)
    draw_figure(canvas, look)
    image, labels = canvas.finish()
    return Drawing(image, labels, look)


def mask_of(drawing: Drawing, name: str) -> NDArray[np.bool_]:
    """Where a label ("dress") or a group of labels ("skin") is."""
    return np.isin(drawing.labels, [CODE[label] for label in GROUPS.get(name, (name,))])


def _canvas(size: tuple[int, int], studio: Studio) -> Canvas:
    width, height = size
    unit = min(height * studio.height, width / 0.56)
    middle = width * (0.5 + studio.shift * min(1.0, width / height - 0.5))
    top = height - unit - (height - unit) * 0.38
    return Canvas(size, unit, (middle, top), 3 if max(size) <= 512 else 2)


def _draw_studio(canvas: Canvas, studio: Studio) -> None:
    right = canvas.size[0] * canvas.oversample / canvas.unit
    bottom = canvas.size[1] * canvas.oversample / canvas.unit
    canvas.fill(
        [(-right, -bottom), (right, -bottom), (right, bottom), (-right, bottom)], studio.wall
    )
    _draw_scene(canvas, studio, right, bottom)
    for spread in (1.0, 0.8, 0.6):
        shadow = oval((0.0, 0.978), 0.20 * spread, 0.020 * spread)
        canvas.soften(shadow, darker(studio.accent, 0.35), 0.22)


def _draw_scene(canvas: Canvas, studio: Studio, right: float, bottom: float) -> None:
    accent = studio.accent
    floor: list[Point] = [(-right, 0.93), (right, 0.93), (right, bottom), (-right, bottom)]
    if studio.scene == "arch":
        canvas.fill(mirrored(_arch()), accent)
    elif studio.scene == "sun":
        canvas.fill(oval((0.06, 0.30), 0.30, 0.30, 72), accent)
    elif studio.scene == "split":
        canvas.fill([(0.0, -bottom), (right, -bottom), (right, bottom), (-0.08, bottom)], accent)
    elif studio.scene == "floor":
        canvas.fill(floor, accent)


def _arch() -> list[Point]:
    crown = [(x, y) for x, y in oval((0.0, 0.24), 0.27, 0.27, 72) if x >= 0 and y <= 0.24]
    return [*sorted(crown), (0.27, 0.985), (0.0, 0.985)]
