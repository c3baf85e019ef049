"""Colour: every mode that a container may hold becomes 8-bit RGB, alpha apart."""

from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image, ImageCms

from shared.pictures.header import check_samples
from worker.arrays import Grey, Rgb
from worker.pictures.hints import Hint

#: The colour space, as an ICC profile's header spells it, that a mode's numbers are in.
#: A mode that is not listed is RGB or turns into it without a profile's help.
SPACES = {"1": "GRAY", "L": "GRAY", "LA": "GRAY", "CMYK": "CMYK", "LAB": "Lab"}

#: The largest profile that every container can carry and give back, in bytes: Pillow reads no
#: larger one from a PNG (JPEG ends at 16.7 MB, WebP and AVIF carry 17 MB). Displays and working
#: spaces need 0.5 to 50 kB, printers up to some MB.
MAX_PROFILE_BYTES = 2**20

PROFILE_BROKEN = "its colour profile is broken and was dropped"
PROFILE_FOREIGN = "its colour profile is for {space}, the pixels are not; it was dropped"
PROFILE_APPLIED = "its {space} colour profile was applied; the result is sRGB"
PROFILE_HUGE = "its colour profile is over {limit:,} bytes, more than results carry"
ASSUMED = "it is {space} without a usable profile; plain conversion to sRGB"


@dataclass(frozen=True, slots=True, eq=False)
class Colours:
    """A picture's samples: what `images.Picture` holds of them."""

    rgb: Rgb
    alpha: Grey | None
    #: The profile that `rgb` is in; None means sRGB.
    icc: bytes | None
    notes: tuple[str, ...]


def to_rgb(image: Image.Image, hint: Hint, *, source: str) -> Colours:
    """Take a loaded picture's colours out; without a profile of its own, it has the hint's.

    RGB keeps its ICC profile and its numbers, unless the profile is too large for results. Then
    it goes through it to sRGB, as grey, CMYK and Lab do, or by Pillow's plain formulas where they
    have none. 16-bit samples are scaled.

    Raises:
        ImageUnsupported: 32-bit samples, which have no white point.
    """
    narrow = to_eight_bits(image, source=source)
    alpha = _alpha(image)
    rgb, icc, notes = _through_profile(narrow, image.info.get("icc_profile") or hint.icc)
    return Colours(np.asarray(rgb, dtype=np.uint8), alpha, icc, hint.notes + notes)


def to_eight_bits(image: Image.Image, *, source: str) -> Image.Image:
    """16-bit grey scaled to 8 bits (not clipped, as Pillow would); other modes as they are.

    Raises:
        ImageUnsupported: 32-bit samples, which have no white point.
    """
    check_samples(image, source=source)
    if not image.mode.startswith("I;16"):
        return image
    wide = np.asarray(image).astype(np.uint32)
    return Image.fromarray(((wide + 128) // 257).astype(np.uint8))


def _alpha(image: Image.Image) -> Grey | None:
    if not image.has_transparency_data:
        return None
    if image.mode.startswith("I;16"):
        clear = np.asarray(image) == image.info["transparency"]
        return np.where(clear, 0, 255).astype(np.uint8)
    return np.asarray(_keyed(image).convert("RGBA").getchannel("A"), dtype=np.uint8)


def _keyed(image: Image.Image) -> Image.Image:
    """The picture with its transparent colour at 8 bits, as Pillow reads 16-bit RGB samples."""
    key = image.info.get("transparency")
    if not (isinstance(key, tuple) and max(key) > 255):
        return image
    keyed = image.copy()
    keyed.info["transparency"] = tuple(level >> 8 for level in key)
    return keyed


def _through_profile(
    image: Image.Image, icc: bytes | None
) -> tuple[Image.Image, bytes | None, tuple[str, ...]]:
    """The picture as RGB, the profile that it is now in, and what there is to say about it."""
    own = SPACES.get(image.mode, "RGB")
    space = _space(icc) if icc else ""
    if icc and space == "RGB" and own in {"RGB", "GRAY"}:
        flat = image.convert("RGB")  # a neutral grey is neutral in any RGB space
        if len(icc) <= MAX_PROFILE_BYTES:
            return flat, icc, ()
        rgb, _, notes = _applied(flat, "RGB", icc)
        return rgb, None, (PROFILE_HUGE.format(limit=MAX_PROFILE_BYTES), *notes)
    if icc and space == own:
        return _applied(image, own, icc)
    complaint = (_complaint(space),) if icc else ()
    rgb, notes = _plain(image, own)
    return rgb, None, complaint + notes


def _space(icc: bytes) -> str:
    """The profile's colour space; empty where it is no profile."""
    try:
        return str(ImageCms.ImageCmsProfile(BytesIO(icc)).profile.xcolor_space).strip()
    except (OSError, ValueError, TypeError):
        return ""


def _complaint(space: str) -> str:
    return PROFILE_FOREIGN.format(space=space) if space else PROFILE_BROKEN


def _applied(image: Image.Image, own: str, icc: bytes) -> tuple[Image.Image, None, tuple[str, ...]]:
    flat = image.convert("L") if own == "GRAY" else image
    try:
        rgb = _to_srgb(flat, ImageCms.ImageCmsProfile(BytesIO(icc)))
    except (OSError, ValueError):
        rgb, notes = _plain(image, own)
        return rgb, None, (PROFILE_BROKEN, *notes)
    return rgb, None, (PROFILE_APPLIED.format(space=own),)


def _plain(image: Image.Image, own: str) -> tuple[Image.Image, tuple[str, ...]]:
    if own == "Lab":
        lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
        return _to_srgb(image, lab), ()  # Lab says by itself what its numbers mean
    notes = (ASSUMED.format(space=own),) if own == "CMYK" else ()
    return image.convert("RGB"), notes


def _to_srgb(image: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    return ImageCms.ImageCmsTransform(profile, srgb, image.mode, "RGB").apply(image)
