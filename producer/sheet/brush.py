"""Brush: text, pictures and rounded shapes on a Pillow canvas, in the sheet's own style."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from PIL import Image, ImageDraw, ImageFont

from producer.sheet.cards import Frame
from producer.sheet.wording import plain

Colour = tuple[int, int, int]
Box = tuple[int, int, int, int]

PAPER: Colour = (255, 255, 255)
MAT: Colour = (244, 243, 240)
INK: Colour = (28, 27, 26)
SOFT_INK: Colour = (120, 116, 110)
HAIRLINE: Colour = (226, 223, 218)
ALARM: Colour = (176, 42, 55)

CORNER_PIXELS = 8
#: Line height as a multiple of the font's size.
LEADING = 1.4


@cache
def font(size: int) -> ImageFont.FreeTypeFont:
    """Pillow's own scalable font: the same sheet on every host."""
    found = ImageFont.load_default(size)
    if not isinstance(found, ImageFont.FreeTypeFont):  # pragma: no cover - Pillow without FreeType
        msg = "this Pillow has no FreeType; install it from its own wheel"
        raise TypeError(msg)
    return found


@cache
def _corners(size: tuple[int, int]) -> Image.Image:
    """A rounded rectangle as mode L, drawn four times as large for smooth corners."""
    large = Image.new("L", (size[0] * 4, size[1] * 4))
    box = (0, 0, large.width - 1, large.height - 1)
    ImageDraw.Draw(large).rounded_rectangle(box, CORNER_PIXELS * 4, fill=255)
    return large.resize(size, Image.Resampling.LANCZOS)


def wrapped(text: str, size: int, width: int, lines: int) -> list[str]:
    """Text broken at spaces into at most so many lines of so many pixels; the rest is cut."""
    rows: list[str] = []
    for word in _breakable(plain(text), size, width):
        longer = f"{rows[-1]} {word}" if rows else word
        if rows and font(size).getlength(longer) <= width:
            rows[-1] = longer
        else:
            rows.append(word)
    kept, rest = rows[: lines - 1], rows[lines - 1 :]
    last = [" ".join(rest)] if rest else []
    return [cut(row, size, width) for row in [*kept, *last]]


def _breakable(text: str, size: int, width: int) -> Iterator[str]:
    """The words of a text; one that is wider than a line comes in pieces."""
    for word in text.split():
        rest = word
        while font(size).getlength(rest) > width and len(rest) > 1:
            piece = cut(rest, size, width).removesuffix("…") or rest[0]
            yield piece
            rest = rest[len(piece) :]
        yield rest


def cut(text: str, size: int, width: int) -> str:
    """Text that fits into so many pixels, with an ellipsis where it had to be cut."""
    if font(size).getlength(text) <= width:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        fits = font(size).getlength(text[:middle].rstrip() + "…") <= width
        low, high = (middle, high) if fits else (low, middle - 1)
    return text[:low].rstrip() + "…"


@dataclass(frozen=True, slots=True)
class Brush:
    """Draws on one page (mode RGB)."""

    page: Image.Image

    @property
    def _draw(self) -> ImageDraw.ImageDraw:
        return ImageDraw.Draw(self.page)

    def text(self, at: tuple[int, int], text: str, size: int, width: int, ink: Colour = INK) -> int:
        """One line, its top left at a point; return its width in pixels."""
        shown = cut(plain(text), size, width)
        self._draw.text(at, shown, fill=ink, font=font(size), anchor="la")
        return round(font(size).getlength(shown))

    def paragraph(self, at: tuple[int, int], lines: list[str], size: int, ink: Colour = INK) -> int:
        """Lines under one another; return the y below them."""
        left, top = at
        for line in lines:
            self._draw.text((left, top), line, fill=ink, font=font(size), anchor="la")
            top += round(size * LEADING)
        return top

    def rule(self, left: int, top: int, right: int) -> None:
        """A hairline."""
        self._draw.line((left, top, right, top), fill=HAIRLINE, width=1)

    def frame(self, frame: Frame, box: Box) -> None:
        """A picture, whole, in the middle of its mat; or why there is none."""
        left, top, right, bottom = box
        size = (right - left, bottom - top)
        mat = Image.new("RGB", size, MAT)
        if frame.jpeg:
            _place(frame.jpeg, mat)
        self.page.paste(mat, (left, top), _corners(size))
        if not frame.jpeg:
            lines = wrapped(frame.problem, 14, size[0] - 32, 8)
            self.paragraph((left + 16, top + 16), lines, 14, SOFT_INK)


def _place(jpeg: bytes, mat: Image.Image) -> None:
    with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as picture:
        scale = min(mat.width / picture.width, mat.height / picture.height)
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        small = picture.resize(size, Image.Resampling.LANCZOS)
    mat.paste(small, ((mat.width - size[0]) // 2, (mat.height - size[1]) // 2))
