"""A supersampled drawing surface that paints a picture and its label map together."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from infra.demo.palette import RGB

Point = tuple[float, float]
Outline = Sequence[Point]
Floats = NDArray[np.floating]


def smooth(points: Outline, *, closed: bool = False, steps: int = 7) -> list[Point]:
    """A Catmull-Rom curve through the points."""
    p = np.asarray(points, dtype=np.float64)
    ring = np.concatenate([p[-1:], p, p[:2]] if closed else [p[:1], p, p[-1:]])
    a, b, c, d = ring[:-3, None], ring[1:-2, None], ring[2:-1, None], ring[3:, None]
    t = np.linspace(0, 1, steps, endpoint=False)[None, :, None]
    curve = 0.5 * (
        2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
    )
    flat = curve.reshape(-1, 2)
    end = flat[:0] if closed else p[-1:]
    return [(float(x), float(y)) for x, y in np.concatenate([flat, end])]


def ribbon(line: Outline, widths: Sequence[float]) -> list[Point]:
    """The outline of a soft band along a line whose half-width changes on the way."""
    path = np.asarray(smooth(line))
    stops = np.linspace(0, 1, len(widths))
    half = np.interp(np.linspace(0, 1, len(path)), stops, widths)[:, None]
    way = np.gradient(path, axis=0)
    normal = np.stack([-way[:, 1], way[:, 0]], 1) / np.maximum(np.hypot(*way.T), 1e-9)[:, None]
    sides = np.concatenate([path + normal * half, (path - normal * half)[::-1]])
    return [(float(x), float(y)) for x, y in sides]


def along(line: Outline, share: float) -> list[Point]:
    """The first `share` of a curve through the points."""
    path = smooth(line)
    keep = max(2, round(len(path) * share))
    return [*path[:keep:3], path[keep - 1]]


def oval(centre: Point, rx: float, ry: float, steps: int = 36) -> list[Point]:
    """An ellipse as an outline."""
    turns = [2 * math.pi * i / steps for i in range(steps)]
    return [(centre[0] + rx * math.cos(t), centre[1] + ry * math.sin(t)) for t in turns]


def mirrored(right: Outline) -> list[Point]:
    """A symmetric outline from its right half, told from top to bottom."""
    return [*right, *((-x, y) for x, y in reversed(right))]


@dataclass(frozen=True)
class Cloth:
    """What a garment is painted with: colour, neutral second colour, pattern and its size."""

    main: RGB
    second: RGB
    pattern: str
    period: float
    tilt: float = 0.0


def second_share(cloth: Cloth, x: Floats, y: Floats) -> Floats:
    """How much of the second colour (0..1) the pattern has at figure coordinates x, y."""
    u = (x * math.cos(cloth.tilt) + y * math.sin(cloth.tilt)) / cloth.period
    v = (y * math.cos(cloth.tilt) - x * math.sin(cloth.tilt)) / cloth.period
    if cloth.pattern == "striped":
        return (v % 1 < 0.40).astype(np.float32)
    if cloth.pattern == "polka dot":
        return _dots(u, v)
    if cloth.pattern == "checked":
        across, down = (u % 1 < 0.30), (v % 1 < 0.30)
        return (0.80 * (across | down) + 0.20 * (across & down)).astype(np.float32)
    if cloth.pattern == "harlequin":
        return ((np.floor(u + v) + np.floor(u - v)) % 2).astype(np.float32)
    return np.zeros(np.broadcast_shapes(u.shape, v.shape), np.float32)


def _dots(u: Floats, v: Floats) -> Floats:
    row = np.floor(v)
    du = (u + 0.5 * (row % 2)) % 1 - 0.5
    dots: Floats = (np.hypot(du, v - row - 0.5) < 0.29).astype(np.float32)
    return dots


class Canvas:
    """Paints outlines given in figure units (height 1, x from the middle)."""

    def __init__(self, size: tuple[int, int], unit: float, origin: Point, oversample: int) -> None:
        self.size, self.oversample = size, oversample
        self.unit = unit * oversample
        self.origin = (origin[0] * oversample, origin[1] * oversample)
        wide = (size[0] * oversample, size[1] * oversample)
        self.image = Image.new("RGB", wide)
        self.labels = Image.new("L", wide)
        self._brush, self._marker = ImageDraw.Draw(self.image), ImageDraw.Draw(self.labels)

    def place(self, outline: Outline) -> list[Point]:
        """Figure units to canvas pixels."""
        ox, oy = self.origin
        return [(ox + x * self.unit, oy + y * self.unit) for x, y in outline]

    def fill(self, outline: Outline, colour: RGB, label: int | None = None) -> None:
        """One flat shape; without a label it is a detail of what lies beneath."""
        points = self.place(outline)
        self._brush.polygon(points, fill=colour)
        if label is not None:
            self._marker.polygon(points, fill=label)

    def stroke(self, line: Outline, colour: RGB, width: float) -> None:
        """A thin line, a detail of what lies beneath."""
        pixels = max(1, round(width * self.unit))
        self._brush.line(self.place(line), fill=colour, width=pixels, joint="curve")

    def soften(self, outline: Outline, colour: RGB, strength: float) -> None:
        """A translucent shape: shadows, cheeks, folds."""
        points = self.place(outline)
        box = self._box(points)
        veil = Image.new("L", (box[2] - box[0], box[3] - box[1]))
        moved = [(x - box[0], y - box[1]) for x, y in points]
        ImageDraw.Draw(veil).polygon(moved, fill=round(255 * strength))
        self.image.paste(colour, box, veil)

    def dress(self, outlines: Sequence[Outline], cloth: Cloth, label: int) -> None:
        """A garment of one or more pieces, patterned as one cloth and shaded a little."""
        pieces = [self.place(outline) for outline in outlines]
        box = self._box([point for piece in pieces for point in piece])
        stencil = Image.new("L", (box[2] - box[0], box[3] - box[1]))
        pen = ImageDraw.Draw(stencil)
        for piece in pieces:
            pen.polygon([(x - box[0], y - box[1]) for x, y in piece], fill=255)
            self._marker.polygon(piece, fill=label)
        self.image.paste(self._woven(cloth, box), box, stencil)

    def _woven(self, cloth: Cloth, box: tuple[int, int, int, int]) -> Image.Image:
        x = ((np.arange(box[0], box[2]) + 0.5 - self.origin[0]) / self.unit).astype(np.float32)
        y = ((np.arange(box[1], box[3]) + 0.5 - self.origin[1]) / self.unit).astype(np.float32)
        share = second_share(cloth, x[None, :], y[:, None])[..., None]
        main, second = np.array(cloth.main, np.float32), np.array(cloth.second, np.float32)
        light = 1 - 0.55 * np.clip(x + 0.02, 0, 0.16)[None, :, None]
        pixels = (main + (second - main) * share) * light
        return Image.fromarray(pixels.astype(np.uint8))

    def _box(self, points: Outline) -> tuple[int, int, int, int]:
        xs, ys = [p[0] for p in points], [p[1] for p in points]
        left, top = math.floor(min(xs)), math.floor(min(ys))
        return left, top, max(left, math.ceil(max(xs))) + 1, max(top, math.ceil(max(ys))) + 1

    def finish(self) -> tuple[Image.Image, NDArray[np.uint8]]:
        """The picture and its labels at the asked size."""
        middle = self.oversample // 2
        labels = np.asarray(self.labels)[middle :: self.oversample, middle :: self.oversample]
        return self.image.reduce(self.oversample), np.ascontiguousarray(labels)
