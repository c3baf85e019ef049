"""The seams' picture: the same paintings before and after, with their edges enlarged."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from producer.sheet.brush import PAPER, SOFT_INK, Brush
from worker.arrays import Rgb

#: Height of a row of pictures, the space around them, and lines of text, in pixels.
ROW, GUTTER, LINE, FONT = 240, 10, 22, 14
#: How much contrast is stretched beside the enlarged edges.
CONTRAST = 4

DRIFT_TITLES = (
    "source",
    "as painted",
    "drift corrected",
    "edge, as painted",
    "edge, corrected",
    f"the same, contrast x {CONTRAST}",
    f"contrast x {CONTRAST}, corrected",
)
CROP_TITLES = (
    "one square for both",
    "a square each",
    "detail, one square for both",
    "detail, a square each",
)


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """One picture painted in two ways, and where to look at it closely."""

    source: Rgb
    before: Rgb
    after: Rgb
    #: Row and column of the middle of the enlarged window, and its side in source pixels.
    centre: tuple[int, int]
    window_px: int


@dataclass(frozen=True, slots=True)
class Section:
    """A caption, titles of columns, and rows of pictures under them."""

    caption: str
    titles: tuple[str, ...]
    rows: list[list[Image.Image]]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        widest = max(sum(picture.width + GUTTER for picture in row) for row in self.rows)
        return widest + GUTTER, 2 * LINE + len(self.rows) * (ROW + GUTTER) + GUTTER


def drift_section(caption: str, garments: Sequence[Comparison]) -> Section:
    """A row a garment: its drift left as painted, and corrected."""
    return Section(caption, DRIFT_TITLES, [_drift_row(shown) for shown in garments])


def crop_section(caption: str, shown: Comparison) -> Section:
    """The wide picture, painted in one square and in several."""
    pictures = [_fitted(rgb) for rgb in (shown.before, shown.after)]
    details = [_enlarged(_window(rgb, shown)) for rgb in (shown.before, shown.after)]
    return Section(caption, CROP_TITLES, [pictures + details])


def page_of(sections: Sequence[Section]) -> Image.Image:
    """All sections under one another."""
    widths, heights = zip(*(section.size for section in sections), strict=True)
    page, top = Image.new("RGB", (max(widths), sum(heights)), PAPER), 0
    for section, height in zip(sections, heights, strict=True):
        _draw(page, section, top + GUTTER)
        top += height
    return page


def _draw(page: Image.Image, section: Section, top: int) -> None:
    brush = Brush(page)
    brush.text((GUTTER, top), section.caption, FONT, page.width - 2 * GUTTER)
    for number, row in enumerate(section.rows):
        left, below = GUTTER, top + 2 * LINE + number * (ROW + GUTTER)
        for title, picture in zip(section.titles, row, strict=True):
            page.paste(picture, (left, below))
            if number == 0:
                brush.text((left, top + LINE), title, FONT, picture.width, SOFT_INK)
            left += picture.width + GUTTER


def _drift_row(shown: Comparison) -> list[Image.Image]:
    whole = [_fitted(rgb) for rgb in (shown.source, shown.before, shown.after)]
    edges = [_window(rgb, shown) for rgb in (shown.before, shown.after)]
    wall = np.asarray(shown.source[shown.centre], dtype=np.float32)
    stretched = [_stretched(edge, wall) for edge in edges]
    return whole + [_enlarged(edge) for edge in edges + stretched]


def _window(rgb: Rgb, shown: Comparison) -> Rgb:
    limits = zip(shown.centre, rgb.shape[:2], strict=True)
    half, side = shown.window_px // 2, shown.window_px
    starts = [min(max(0, middle - half), length - side) for middle, length in limits]
    return rgb[starts[0] : starts[0] + side, starts[1] : starts[1] + side]


def _stretched(rgb: Rgb, around: np.ndarray[tuple[int], np.dtype[np.float32]]) -> Rgb:
    """More contrast, the wall's own colour becoming a middle grey."""
    stretched = (rgb - around) * CONTRAST + 160
    return np.asarray(np.clip(stretched, 0, 255), dtype=np.uint8)


def _enlarged(rgb: Rgb) -> Image.Image:
    return Image.fromarray(rgb).resize((ROW, ROW), Image.Resampling.NEAREST)


def _fitted(rgb: Rgb) -> Image.Image:
    height, width = rgb.shape[:2]
    return Image.fromarray(rgb).resize((ROW * width // height, ROW), Image.Resampling.LANCZOS)
