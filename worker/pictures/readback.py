"""Reading back: what was encoded is decoded again, and must hold all that was written."""

from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO

from PIL import Image
from PIL.ExifTags import IFD

from shared.errors import OutputUnfaithful
from shared.pictures.header import open_picture, reading
from shared.pictures.limits import Limits
from shared.pictures.signatures import HEAD_BYTES
from shared.styles import Style
from worker.arrays import Size
from worker.pictures.encoding import Encoded
from worker.pictures.images import Picture, decode
from worker.pictures.metadata import SOURCE_TYPES
from worker.pictures.vocabularies import IPTC_EXT, Name, is_position
from worker.pictures.xmp import BrokenXmp, parse_xmp, properties

#: Our own file, in errors.
RESULT = "the encoded result"
#: WebP keeps EXIF without it.
EXIF_HEADER = b"Exif\0\0"


def read_back(
    encoded: Encoded, *, size: Size, style: Style, limits: Limits, source: str
) -> Picture:
    """Decode our own file, and compare it with what was to be written.

    Args:
        encoded: The file; whatever it weighs, since a lossless one may outweigh any source.
        size: The picture's width and height.
        style: Whose wishes it should follow.
        limits: For sides and pixels.
        source: Names the picture in errors.

    Raises:
        OutputUnfaithful: A container, size, profile, EXIF or XMP that differs; no statement of
            origin where one was asked for; a position where none was.
    """
    within = replace(limits, max_bytes=len(encoded.body))
    picture = decode(encoded.body, source=RESULT, limits=within)
    with _opened(encoded.body, within) as image:
        faults = [*_differences(image, encoded, size), *_untruths(image, style)]
    if faults:
        raise OutputUnfaithful(source=source, what=", ".join(faults))
    return picture


def _opened(body: bytes, limits: Limits) -> Image.Image:
    """The file's header once more, as Pillow sees it; no pixel is decoded again."""
    with reading(body[:HEAD_BYTES], source=RESULT, limits=limits):
        return open_picture(BytesIO(body), byte_count=len(body), source=RESULT, limits=limits)


def _differences(image: Image.Image, encoded: Encoded, size: Size) -> Iterator[str]:
    """What is not there byte for byte, in words that follow "without"."""
    asked = encoded.metadata
    if image.format != encoded.container:
        yield "its container"
    if image.size != size:
        yield "its size"
    if image.info.get("icc_profile") != asked.icc:
        yield "its colour profile"
    if _bare(image.info.get("exif")) != _bare(asked.exif):
        yield "its EXIF"
    if image.info.get("xmp") != asked.xmp:
        yield "its XMP"


def _bare(exif: bytes | None) -> bytes:
    return (exif or b"").removeprefix(EXIF_HEADER)


def _untruths(image: Image.Image, style: Style) -> Iterator[str]:
    """What the style wants and a reader of the file would not find; likewise."""
    try:
        said = _said(image.info.get("xmp"))
    except BrokenXmp:
        yield "an XMP that can be read"
        return
    asked = SOURCE_TYPES[style.digital_source_type]
    if asked and said.get((IPTC_EXT, "DigitalSourceType")) != asked:
        yield "its statement of origin"
    if style.embed_prompt and (IPTC_EXT, "AIPromptInformation") not in said:
        yield "its prompt"
    told = any(is_position(name) for name in said)
    if not style.keep_gps and (told or _position(image)):
        yield "the removal of its position"


def _position(image: Image.Image) -> dict[int, object]:
    exif = Image.Exif()  # a PNG would be decoded for `image.getexif`
    exif.load(image.info.get("exif", b""))
    return exif.get_ifd(IFD.GPSInfo)


def _said(packet: bytes | None) -> dict[Name, str]:
    return dict(properties(parse_xmp(packet))) if packet else {}
