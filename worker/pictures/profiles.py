"""Profiles: from a source's colour space to sRGB, which models know, and back again.

A result keeps its source's numbers and profile; only what models see, and what they paint, goes
through here: small squares, not whole pictures.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageCms

from worker.arrays import Rgb

#: Takes uint8, H x W x 3, to the same shape in another colour space.
Conversion: TypeAlias = Callable[[Rgb], Rgb]

#: Profiles whose conversions are kept; a catalogue has a handful. No picture keeps a profile of
#: over 1 MB (`colour.MAX_PROFILE_BYTES`), so that they take 32 MB at worst.
REMEMBERED_PROFILES = 32
#: A profile that moves no colour by more than this many levels is sRGB under another name.
SAME_LEVELS = 2

RELATIVE = ImageCms.Intent.RELATIVE_COLORIMETRIC


@dataclass(frozen=True, slots=True)
class ColourSpace:
    """A picture's colour space, seen from sRGB."""

    to_srgb: Conversion
    from_srgb: Conversion
    #: Why the numbers are taken for sRGB although there is a profile, as a clause; empty as a rule.
    note: str = ""


def _unchanged(rgb: Rgb) -> Rgb:
    return rgb


#: Of pictures without a profile, and of those whose profile is sRGB.
SRGB = ColourSpace(_unchanged, _unchanged)
ONE_WAY = ColourSpace(
    _unchanged, _unchanged, "its colour profile cannot be painted in; models take it for sRGB"
)


@lru_cache(REMEMBERED_PROFILES)
def colour_space(icc: bytes | None) -> ColourSpace:
    """The colour space of an RGB profile; None is sRGB.

    Relative colorimetric both ways, so that a colour that both spaces hold comes back as it went.
    A profile that has no way back (a scanner's) or is broken inside is named in the note.
    """
    if icc is None:
        return SRGB
    try:
        own = ImageCms.ImageCmsProfile(BytesIO(icc))
        srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
        space = ColourSpace(_conversion(own, srgb), _conversion(srgb, own))
    except (OSError, ValueError, TypeError, ImageCms.PyCMSError):
        return ONE_WAY
    return SRGB if _is_srgb(space) else space


def _conversion(source: ImageCms.ImageCmsProfile, target: ImageCms.ImageCmsProfile) -> Conversion:
    transform = ImageCms.ImageCmsTransform(source, target, "RGB", "RGB", RELATIVE)

    def convert(rgb: Rgb) -> Rgb:
        return np.asarray(transform.apply(Image.fromarray(rgb)), dtype=np.uint8)

    return convert


def _is_srgb(space: ColourSpace) -> bool:
    levels = np.arange(0, 256, 15, dtype=np.uint8)
    cube = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(1, -1, 3)
    moved = np.abs(space.to_srgb(np.ascontiguousarray(cube)).astype(np.int16) - cube)
    return bool(moved.max() <= SAME_LEVELS)
