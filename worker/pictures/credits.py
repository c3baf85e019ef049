"""Credits: what a source says of itself in words; what a result cannot carry on is noted."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from PIL import Image

from shared.wording import shorten
from worker.pictures.attempt import BROKEN, attempt
from worker.pictures.iptc import read_iptc
from worker.pictures.vocabularies import DC, Name
from worker.pictures.xmp import BrokenXmp, Several, check_xmp, with_properties

#: Photoshop's number of the IPTC-IIM block, and TIFF's tag for it.
IPTC_RESOURCE, IPTC_TAG = 0x0404, 33_723
#: The mark of content credentials (C2PA), whatever the container.
CONTENT_CREDENTIALS = b"c2pa\x00\x11\x00\x10\x80\x00\x00\xaa\x00\x38\x9b\x71"
#: The PNG standard's keywords that XMP has a place for.
PNG_KEYWORDS: dict[str, tuple[Name, Literal["Alt", "Seq"]]] = {
    "Title": ((DC, "title"), "Alt"),
    "Author": ((DC, "creator"), "Seq"),
    "Description": ((DC, "description"), "Alt"),
    "Copyright": ((DC, "rights"), "Alt"),
}
#: Other keywords whose texts are kept: in the packet itself, and as EXIF.
PNG_KEPT = frozenset({"XML:com.adobe.xmp", "Raw profile type exif"})

COMMENT = "its comment was dropped"
IPTC_REPLACED = "its IPTC-IIM block became XMP"
IPTC_DROPPED = "its IPTC-IIM block was dropped"
CREDENTIALS = "its content credentials (C2PA) were dropped: any edit voids them"
TEXTS = "these of its texts were dropped: {names}"


@dataclass(frozen=True, slots=True)
class Credits:
    """What a source says of itself."""

    #: Its XMP, with what older ways of saying it add; well-formed.
    xmp: bytes | None
    notes: tuple[str, ...] = ()


def read_credits(image: Image.Image, body: bytes) -> Credits:
    """Read a loaded picture's words; broken ones cost a note, never the picture."""
    found, notes = attempt("wording", lambda: _credits(image, body))
    return found or Credits(None, notes)


def _credits(image: Image.Image, body: bytes) -> Credits:
    xmp, broken = _xmp(image)
    texts: Mapping[str, str] = getattr(image, "text", {})
    said = _iptc(image) | _png(texts)
    told = with_properties(xmp, said) if said else xmp
    return Credits(told, (*broken, *_notes(image, texts, body)))


def _xmp(image: Image.Image) -> tuple[bytes | None, tuple[str, ...]]:
    packet = image.info.get("xmp")
    if not packet:
        return None, ()
    try:
        check_xmp(packet)
    except BrokenXmp as error:
        return None, (f"{BROKEN.format(what='XMP')} ({shorten(str(error))})",)
    return bytes(packet), ()


def _iptc(image: Image.Image) -> dict[Name, str | Several]:
    block = image.info.get("photoshop", {}).get(IPTC_RESOURCE, b"")
    return dict(read_iptc(block))


def _png(texts: Mapping[str, str]) -> dict[Name, str | Several]:
    return {
        name: Several(kind, (str(texts[keyword]),))
        for keyword, (name, kind) in PNG_KEYWORDS.items()
        if keyword in texts
    }


def _notes(image: Image.Image, texts: Mapping[str, str], body: bytes) -> Iterator[str]:
    if IPTC_RESOURCE in image.info.get("photoshop", {}):
        yield IPTC_REPLACED
    if IPTC_TAG in getattr(image, "tag_v2", {}):
        yield IPTC_DROPPED
    if image.info.get("comment"):
        yield COMMENT
    if lost := sorted(texts.keys() - PNG_KEYWORDS.keys() - PNG_KEPT):
        yield TEXTS.format(names=shorten(", ".join(lost)))
    if CONTENT_CREDENTIALS in body:
        yield CREDENTIALS
