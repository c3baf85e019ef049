"""The figure of what was learned: pictures, places, and rows of paintings; torch-free."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from worker.arrays import Rgb

#: Height of a picture, the space around it, lines of text and pictures of a row.
SIDE, GUTTER, LINE, COLUMNS = 128, 6, 20, 6
PAPER, INK = (255, 255, 255), (40, 40, 46)


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """What one model paints."""

    name: str
    token: Sequence[Rgb]
    plain: Sequence[Rgb]
    figures: Mapping[str, float]


def figure(learned: Sequence[Rgb], places: Sequence[Rgb], panels: Sequence[Panel]) -> Image.Image:
    """Pictures and places above, two rows for each model below: the token, and the class alone."""
    rows: list[tuple[str, Sequence[Rgb], Sequence[Rgb]]] = [
        ("twelve pictures to learn (six shown); right: dresses to be repainted", learned, places)
    ]
    for panel in panels:
        told = ", ".join(f"{name} {value}" for name, value in panel.figures.items())
        title = f"{panel.name}: left 'a sks dress', right 'a dress'.  {told}"
        rows.append((title, panel.token, panel.plain))
    width = 2 * COLUMNS * (SIDE + GUTTER) + 3 * GUTTER
    image = Image.new("RGB", (width, len(rows) * (SIDE + LINE + GUTTER)), PAPER)
    for number, (title, left, right) in enumerate(rows):
        _row(image, number * (SIDE + LINE + GUTTER), title, left, right)
    return image


def _row(
    image: Image.Image, top: int, title: str, left: Sequence[Rgb], right: Sequence[Rgb]
) -> None:
    draw = ImageDraw.Draw(image)
    draw.text((GUTTER, top + 2), title, fill=INK, font=ImageFont.load_default(13))
    for half, pictures in enumerate((left, right)):
        start = GUTTER + half * (COLUMNS * (SIDE + GUTTER) + GUTTER)
        for place, picture in enumerate(pictures[:COLUMNS]):
            image.paste(_fitted(picture), (start + place * (SIDE + GUTTER), top + LINE))


def _fitted(picture: Rgb) -> Image.Image:
    """The picture in a square of paper, never stretched."""
    image = Image.fromarray(np.ascontiguousarray(picture))
    image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    square = Image.new("RGB", (SIDE, SIDE), PAPER)
    square.paste(image, ((SIDE - image.width) // 2, (SIDE - image.height) // 2))
    return square
