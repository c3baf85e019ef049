"""Says by plain rules which colour and pattern an area of a picture shows; torch-free.

The rules know the demo catalogue's twelve colours and four patterns. They look at an area
found by a mask, so they judge a painted garment, not how it came to be. How often they are
right on real drawn garments is measured by `infra.demo.train.evaluate`.
"""

import colorsys
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from infra.demo.palette import COLOURS

Floats = NDArray[np.float64]
#: A picture, or its RGB pixels as an array.
Picture = Image.Image | NDArray[np.uint8]
#: The longer side that an area is scaled to before it is looked at.
SIDE = 112
#: Lab chroma from which a pixel has a hue, and the share of such pixels that makes a colour.
_CHROMA, _CHROMATIC_SHARE = 20.0, 0.25
_NEUTRALS = ("black", "grey", "white")
#: An area is plain when fewer than this share of its pixels are this far from its middle colour.
_OTHER_SHARE, _OTHER_DISTANCE = 0.13, 13.0
_TILTS = np.linspace(-0.09, 0.09, 7)


@dataclass(frozen=True)
class Verdict:
    """What an area looks like."""

    colour: str
    pattern: str


def judge(image: Picture, mask: NDArray[np.bool_]) -> Verdict:
    """Colour and pattern of the masked area of a picture."""
    lab, inside = _area(image, mask)
    return Verdict(_colour(lab[inside]), _pattern(lab, inside))


def dominant_colour(image: Picture, mask: NDArray[np.bool_]) -> str:
    """The name of the colour that the masked area of a picture has; see `COLOURS`."""
    return judge(image, mask).colour


def dominant_pattern(image: Picture, mask: NDArray[np.bool_]) -> str:
    """The name of the pattern that the masked area of a picture has; see `PATTERNS`."""
    return judge(image, mask).pattern


def lab_of(rgb: NDArray[np.uint8] | Floats) -> Floats:
    """CIE Lab (D65) of sRGB values 0..255."""
    light = np.asarray(rgb, dtype=np.float64) / 255
    linear = np.where(light <= 0.04045, light / 12.92, ((light + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    xyz = linear @ to_xyz.T / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1)


def _area(image: Picture, mask: NDArray[np.bool_]) -> tuple[Floats, NDArray[np.bool_]]:
    """The mask's box in Lab at a common size, and the mask without its rim."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        raise ValueError("the mask is empty: there is nothing to judge")
    box = (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    scale = SIDE / max(box[2] - box[0], box[3] - box[1])
    size = (max(1, round((box[2] - box[0]) * scale)), max(1, round((box[3] - box[1]) * scale)))
    whole = image if isinstance(image, Image.Image) else Image.fromarray(image)
    kernel = Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC
    pixels = whole.convert("RGB").crop(box).resize(size, kernel)
    stencil = Image.fromarray(mask.astype(np.uint8) * 255).crop(box).resize(size)
    return lab_of(np.asarray(pixels)), _without_rim(stencil)


def _without_rim(stencil: Image.Image) -> NDArray[np.bool_]:
    """The area less an edge, as wide a one as leaves at least a third of it."""
    whole = np.asarray(stencil) > 127
    for width in (9, 7, 5, 3):
        core = np.asarray(stencil.filter(ImageFilter.MinFilter(width))) > 127
        if core.sum() > whole.sum() / 3:
            return core
    return whole


def _prototypes() -> dict[str, Floats]:
    found = {}
    for name, spans in COLOURS.items():
        hue, saturation, value = (sum(span) / 2 for span in spans)
        rgb = colorsys.hsv_to_rgb((hue % 360) / 360, saturation, value)
        found[name] = lab_of(np.array(rgb) * 255)
    return found


_PROTOTYPES = _prototypes()


def _colour(pixels: Floats) -> str:
    chroma = np.hypot(pixels[:, 1], pixels[:, 2])
    coloured = chroma > _CHROMA
    if coloured.mean() < _CHROMATIC_SHARE:
        return _neutral(pixels[:, 0])
    pixels, chroma = pixels[coloured], chroma[coloured]
    rich = np.median(pixels[chroma >= np.median(chroma)], 0)
    names = [name for name in _PROTOTYPES if name not in _NEUTRALS]
    return min(names, key=lambda name: float(np.linalg.norm(rich - _PROTOTYPES[name])))


def _neutral(light: Floats) -> str:
    shares = {
        "black": (light < 38).mean(),
        "grey": ((light >= 38) & (light < 78)).mean(),
        "white": (light >= 78).mean(),
    }
    return max(shares, key=lambda name: shares[name])


def _pattern(lab: Floats, inside: NDArray[np.bool_]) -> str:
    far = np.linalg.norm(lab[inside] - np.median(lab[inside], 0), axis=1) > _OTHER_DISTANCE
    if far.mean() < _OTHER_SHARE:
        return "solid"
    values = _contrast(lab, inside)
    y, x = np.nonzero(inside)
    rows = max(_explained(values, y - tilt * x) for tilt in _TILTS)
    columns = max(_explained(values, x + tilt * y) for tilt in _TILTS)
    if rows > 0.55 and columns < 0.25:
        return "striped"
    return "checked" if rows + columns > 0.50 and min(rows, columns) > 0.16 else "polka dot"


def _contrast(lab: Floats, inside: NDArray[np.bool_]) -> Floats:
    """Each pixel's place on the line along which the area varies most."""
    pixels = lab[inside] - lab[inside].mean(0)
    _, _, axes = np.linalg.svd(pixels, full_matrices=False)
    along: Floats = pixels @ axes[0]
    return along


def _explained(values: Floats, place: Floats) -> float:
    """The share of the variance that lies between lines of pixels, 0 to 1."""
    lines = np.round(place - place.min()).astype(np.int64)
    counts = np.bincount(lines)
    means = np.bincount(lines, values) / np.maximum(counts, 1)
    return float(
        (counts * (means - values.mean()) ** 2).sum() / max(1e-9, values.var() * len(values))
    )
