"""Hints: what a picture without a colour profile says elsewhere of what its numbers mean."""

from dataclasses import dataclass

from PIL import Image
from PIL.ExifTags import IFD, Base

from worker.pictures.attempt import attempt
from worker.pictures.codepoints import CodePoints, code_points
from worker.pictures.matrix import adobe_rgb, display_p3

#: Modes whose numbers are no RGB, whatever is said of it.
OTHER_COLOURS = frozenset({"CMYK", "LAB"})
#: Display P3 with sRGB's curve, as PNG and AVIF name it.
P3 = CodePoints(12, 13, plain=True)

#: A PNG's gamma times this is 1 in sRGB, to 5 % (the PNG standard's own threshold).
SRGB_GAMMA, GAMMA_TOLERANCE = 2.2, 0.05
#: White, red, green and blue of sRGB, x and y of each, as a PNG gives them; and what is no
#: difference: some writers give a display's own.
SRGB_CHROMATICITY = (0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
CHROMATICITY_TOLERANCE = 0.01

#: EXIF's ColorSpace where it is not sRGB, and the index by which cameras then mean Adobe RGB
#: (DCF 2.0, 4.4): its first tag, in the directory of interoperability.
UNCALIBRATED = 65_535
INDEX, ADOBE_INDEX = 1, "R03"

GIVEN = "it says without a profile that its colours are {space}; its results have the profile"
TAKEN = "it says that its colours are {meaning}, which was taken for sRGB"


@dataclass(frozen=True, slots=True)
class Hint:
    """What a picture's numbers mean, as far as it says so."""

    #: A profile that says the same; None where there is none, and for sRGB.
    icc: bytes | None = None
    notes: tuple[str, ...] = ()


#: Nothing is said, or that it is sRGB.
NONE = Hint()


def read_hint(image: Image.Image, body: bytes) -> Hint:
    """What a loaded picture says; a profile, where it has one, says all."""
    if image.info.get("icc_profile") or image.mode in OTHER_COLOURS:
        return NONE
    points = code_points(body)
    if points:
        return _of_points(points)
    return _of_png(image) or _of_exif(image)


def _of_points(points: CodePoints) -> Hint:
    if points == P3:
        return _given("Display P3", display_p3())
    return NONE if points.is_srgb else _taken(str(points))


def _of_png(image: Image.Image) -> Hint | None:
    """What gAMA and cHRM say; None where they say nothing."""
    if "srgb" in image.info:
        return NONE
    gamma, chromaticity = image.info.get("gamma"), image.info.get("chromaticity")
    odd = [
        f"of gAMA {gamma:g}" if gamma is not None and _is_odd_gamma(gamma) else "",
        "of other primaries (cHRM)" if chromaticity and _is_odd_chromaticity(chromaticity) else "",
    ]
    meaning = " and ".join(word for word in odd if word)
    return _taken(meaning) if meaning else None


def _is_odd_gamma(gamma: float) -> bool:
    return abs(gamma * SRGB_GAMMA - 1) > GAMMA_TOLERANCE


def _is_odd_chromaticity(chromaticity: tuple[float, ...]) -> bool:
    pairs = zip(chromaticity, SRGB_CHROMATICITY, strict=False)
    return any(abs(found - srgb) > CHROMATICITY_TOLERANCE for found, srgb in pairs)


def _of_exif(image: Image.Image) -> Hint:
    said, _ = attempt("EXIF", lambda: _interoperability(image))  # `read_exif` notes what is broken
    if said is None or said[0] != UNCALIBRATED:
        return NONE
    if said[1] == ADOBE_INDEX:
        return _given("Adobe RGB", adobe_rgb())
    return _taken("not sRGB (EXIF)")


def _interoperability(image: Image.Image) -> tuple[object, str]:
    exif = image.getexif()
    space = exif.get_ifd(IFD.Exif).get(Base.ColorSpace)
    index = exif.get_ifd(IFD.Interop).get(INDEX, "")
    text = index.decode("ascii") if isinstance(index, bytes) else str(index)
    return space, text.strip("\0 ")


def _given(space: str, icc: bytes) -> Hint:
    return Hint(icc, (GIVEN.format(space=space),))


def _taken(meaning: str) -> Hint:
    return Hint(None, (TAKEN.format(meaning=meaning),))
