"""EXIF: which way is up, and the tags that a result keeps from its source."""

from dataclasses import dataclass

from PIL import Image
from PIL.ExifTags import IFD, Base
from PIL.Image import Transpose

from worker.pictures.attempt import attempt

#: What each value of the orientation tag asks for (EXIF 2.32, 4.6.4 A); 1 is upright.
TURNS: dict[object, Transpose] = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}

#: The turns that swap width and height.
SIDEWAYS = frozenset({TURNS[5], TURNS[6], TURNS[7], TURNS[8]})

#: Tags of the first directory that say something about the picture. Those of its encoding
#: (strips, compression, orientation, thumbnail) are wrong as soon as it is written anew.
KEPT_TAGS = (
    Base.ImageDescription,
    Base.Make,
    Base.Model,
    Base.XResolution,
    Base.YResolution,
    Base.ResolutionUnit,
    Base.Software,
    Base.DateTime,
    Base.Artist,
    Base.Copyright,
    Base.XPTitle,
    Base.XPComment,
    Base.XPAuthor,
    Base.XPKeywords,
    Base.XPSubject,
)
#: Tags of the sub-directories that point at places in the old file.
STALE_TAGS = frozenset({Base.MakerNote, IFD.Interop})

#: A JPEG has room for this many bytes of EXIF in its one segment.
MAX_EXIF_BYTES = 65_533
#: A JPEG's header counts dots per inch in 16 bits.
MAX_DPI = 65_535
#: EXIF's unit of a resolution, and the units of a JPEG's header: inches and centimetres.
INCH, JFIF_UNITS = 2, (1, 2)


@dataclass(frozen=True, slots=True)
class Exif:
    """What a picture's EXIF comes to."""

    #: The turn that brings the picture upright; None where it is, or where nothing is said.
    turn: Transpose | None
    #: The kept tags, serialised with the `Exif` header; None where there are none.
    kept: bytes | None
    notes: tuple[str, ...] = ()


def read_exif(image: Image.Image) -> Exif:
    """Read a loaded picture's EXIF; broken EXIF costs a note, never the picture."""
    turn, turn_notes = attempt("EXIF", lambda: _turn(image))
    kept, kept_notes = attempt("EXIF", lambda: _kept(image, turned=turn in SIDEWAYS))
    if kept is not None and len(kept) > MAX_EXIF_BYTES:
        kept, kept_notes = None, (f"its EXIF is over {MAX_EXIF_BYTES} bytes and was dropped",)
    return Exif(turn, kept, turn_notes or kept_notes)


def upright(image: Image.Image, exif: Exif) -> Image.Image:
    """The picture as a person sees it."""
    return image if exif.turn is None else image.transpose(exif.turn)


def without_position(kept: bytes) -> bytes | None:
    """The kept tags without where the picture was taken; None where nothing else is left."""
    exif = Image.Exif()
    exif.load(kept)
    if IFD.GPSInfo not in exif:
        return kept
    del exif[IFD.GPSInfo]
    return exif.tobytes() if len(exif) else None


def with_resolution(kept: bytes | None, dpi: int) -> bytes:
    """The kept tags, with a resolution where they tell none: for files without a place for it."""
    exif = Image.Exif()
    if kept:
        exif.load(kept)
    if Base.XResolution not in exif:
        exif[Base.XResolution] = exif[Base.YResolution] = dpi
        exif[Base.ResolutionUnit] = INCH
    return exif.tobytes()


def read_dpi(image: Image.Image) -> tuple[int | None, tuple[str, ...]]:
    """The picture's resolution in dots per inch, and what there is to say about it.

    None where there is none that makes sense; one that is no number costs a note.
    """
    return attempt("resolution", lambda: _dpi(image))


def _dpi(image: Image.Image) -> int | None:
    if image.format in {"JPEG", "MPO"} and image.info.get("jfif_unit") not in JFIF_UNITS:
        return None  # Pillow makes up 72; what EXIF says stays in EXIF
    across, down = image.info.get("dpi", (0, 0))
    # Pillow makes up 1 where a TIFF says nothing; and no comparison holds for a NaN.
    sane = across == down and 1 < across <= MAX_DPI
    return round(across) if sane else None


def _turn(image: Image.Image) -> Transpose | None:
    # Not by `getexif`: it also believes XMP, which no browser turns a picture for.
    exif = Image.Exif()
    exif.load(image.info.get("exif", b""))
    tags = getattr(image, "tag_v2", exif)
    return TURNS.get(tags.get(Base.Orientation))


def _kept(image: Image.Image, *, turned: bool) -> bytes | None:
    exif, kept = image.getexif(), Image.Exif()
    for tag in KEPT_TAGS:
        if tag in exif:
            kept[tag] = exif[tag]
    for folder in (IFD.Exif, IFD.GPSInfo):
        tags = {tag: value for tag, value in exif.get_ifd(folder).items() if tag not in STALE_TAGS}
        if tags:
            kept[folder] = tags | _sides(tags, image.size[::-1] if turned else image.size)
    return kept.tobytes() if len(kept) else None


def _sides(tags: dict[int, object], size: tuple[int, int]) -> dict[int, int]:
    sides = dict(zip((Base.ExifImageWidth, Base.ExifImageHeight), size, strict=True))
    return {tag: pixels for tag, pixels in sides.items() if tag in tags}
