"""Drift: how far a painter's colours wander at the edge of its mask, and the way back.

A painter renders what is kept anew, too. Where it meant the same as the source, on the soft edge
and on a ring outside of it, the difference is its drift. The painted edge is moved back by it;
deeper inside there is nothing to compare with, and the asked colours stay.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from worker.arrays import Grey, Map, Mask, Rgb
from worker.pixels.scaling import Sample, scale
from worker.pixels.views import View

#: Width of the ring outside the mask, as a share of the square's side, as all widths here: a
#: painter mixes both sides of an edge within a few pixels, and farther out tells nothing new.
RING = 1 / 32
#: Drift changes slowly: the sigma of the blur that parts it from details.
SMOOTHNESS = 1 / 64
#: Smooth as it is, it is computed on no larger side: a blur's cost grows with the sigma in pixels.
FIELD_SIDE = 128
#: Distance behind the soft edge over which the correction falls to 1/e.
REACH = 1 / 32
#: Pixels that differ by more levels show another thing, and not the same one in other colours.
COMPARABLE_LEVELS = 32
#: No channel moves by more levels, whatever was measured.
MAX_SHIFT_LEVELS = 16
#: Evidence that weighs as much as none at all: few comparable pixels move little.
DOUBT = 0.05
#: From this soft mask on a pixel is the painter's alone.
ALL_PAINT = 250

#: float32, H x W x 3: levels a channel.
Field = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """How far the painted edge is from the source, RMS over pixels and channels, in levels."""

    before: float
    #: The same after the correction; equal where it would not have helped.
    after: float


@dataclass(frozen=True, slots=True, eq=False)
class Square:
    """A painted square, its drift corrected."""

    #: uint8, side x side x 3.
    rgb: Rgb
    #: None where no pixel of the edge shows what the source shows.
    drift: Drift | None


def corrected(painted: Rgb, view: View) -> Square:
    """The painted square with its edge moved back to the source's colours, where that helps.

    Args:
        painted: uint8, side x side x 3, as it came from the painter.
        view: What the painter was shown, of the same side.
    """
    band = _comparable(painted, view)
    if not band.any():
        return Square(painted, None)
    weight = _reduced(band.astype(np.float32))
    field = _field(painted, view.seen, band, weight)
    moved = _moved(painted, field * _fading(view)[..., None])
    before, after = _rms(field, weight), _rms(_field(moved, view.seen, band, weight), weight)
    if after >= before:
        return Square(painted, Drift(before=before, after=before))
    return Square(moved, Drift(before=before, after=after))


def _comparable(painted: Rgb, view: View) -> Grey:
    """1 on the soft edge and a ring outside, where painter and source show the same, else 0."""
    apart = cv2.absdiff(painted, view.seen)
    same = cv2.inRange(apart, (0, 0, 0), (COMPARABLE_LEVELS,) * 3) > 0
    kept = view.mask == 0
    edge = ~kept & (view.soft < ALL_PAINT)
    band = (kept & _near(view.mask) | edge) & same
    return np.asarray(band, dtype=np.bool_).view(np.uint8)


def _near(mask: Grey) -> Mask:
    """Within a ring's width of the mask, to a pixel of the field: bool, side x side."""
    outside = _distances(_reduced(mask) == 0)
    near = (outside <= RING * len(outside)).view(np.uint8)
    whole = cv2.resize(near, mask.shape, interpolation=cv2.INTER_NEAREST)
    return np.asarray(whole > 0, dtype=np.bool_)


def _field(painted: Rgb, seen: Rgb, band: Grey, weight: Map) -> Field:
    """The smooth part of the difference, from the band's pixels; 0 far from all of them.

    `weight` is the band's share of each of the field's pixels.
    """
    difference = cv2.subtract(painted, seen, mask=band, dtype=cv2.CV_32F)
    evidence = _blurred(weight)[..., None] + np.float32(DOUBT)
    smooth = _blurred(_reduced(np.asarray(difference, dtype=np.float32)))
    return np.asarray(smooth / evidence, dtype=np.float32)


def _reduced(values: npt.NDArray[Sample]) -> npt.NDArray[Sample]:
    side = min(FIELD_SIDE, len(values))
    return scale(values, (side, side))


def _blurred(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    sigma = SMOOTHNESS * len(values)
    blurred = cv2.GaussianBlur(values, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(blurred, dtype=np.float32)


def _moved(painted: Rgb, field: Field) -> Rgb:
    """The painted square less the field, at most so far, rounded to nearest."""
    limited = np.clip(field, -MAX_SHIFT_LEVELS, MAX_SHIFT_LEVELS)
    shift = cv2.resize(limited, painted.shape[:2], interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.subtract(painted, shift, dtype=cv2.CV_8U), dtype=np.uint8)


def _fading(view: View) -> Map:
    """How much of the correction the field's pixels pass on: all on the soft edge, less behind."""
    behind = _distances(_reduced(view.soft) >= ALL_PAINT)
    return np.asarray(np.exp(behind * np.float32(-1 / (REACH * len(behind)))), dtype=np.float32)


def _distances(mask: Mask) -> Map:
    """As in `worker.pixels.shapes`, of a field's few pixels."""
    image = mask.view(np.uint8)
    distances = cv2.distanceTransform(image, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(distances, dtype=np.float32)


def _rms(field: Field, weight: Map) -> float:
    """Over the band's pixels and all channels."""
    squares = np.square(field).mean(axis=2)
    return round(float(np.sqrt((squares * weight).sum() / weight.sum())), 2)
