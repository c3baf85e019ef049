"""IPTC-IIM: captions and credits as cameras' software wrote them before XMP."""

import struct
from collections import defaultdict
from collections.abc import Iterator

from worker.pictures.vocabularies import DC, PHOTOSHOP, Name
from worker.pictures.xmp import Kind, Said, Several

#: Datasets of record 2 → the XMP properties that took their place (IPTC Photo Metadata Standard),
#: and how a property holds its texts.
PROPERTIES: dict[int, tuple[Name, Kind | None]] = {
    5: ((DC, "title"), "Alt"),
    25: ((DC, "subject"), "Bag"),
    40: ((PHOTOSHOP, "Instructions"), None),
    80: ((DC, "creator"), "Seq"),
    85: ((PHOTOSHOP, "AuthorsPosition"), None),
    90: ((PHOTOSHOP, "City"), None),
    95: ((PHOTOSHOP, "State"), None),
    101: ((PHOTOSHOP, "Country"), None),
    103: ((PHOTOSHOP, "TransmissionReference"), None),
    105: ((PHOTOSHOP, "Headline"), None),
    110: ((PHOTOSHOP, "Credit"), None),
    115: ((PHOTOSHOP, "Source"), None),
    116: ((DC, "rights"), "Alt"),
    120: ((DC, "description"), "Alt"),
    122: ((PHOTOSHOP, "CaptionWriter"), None),
}

#: Record and dataset that name the coding of the texts, and its value for UTF-8.
CODING, UTF_8 = (1, 90), b"\x1b%G"

HEADER = struct.Struct(">BBBH")
MARKER = 0x1C


def read_iptc(block: bytes) -> Said:
    """What a block says that XMP has a place for; a broken one is read as far as it goes."""
    texts: defaultdict[int, list[str]] = defaultdict(list)
    coding = "latin-1"
    for record, dataset, value in _datasets(block):
        if (record, dataset) == CODING and value == UTF_8:
            coding = "utf-8"
        text = _text(value, coding)
        if record == 2 and dataset in PROPERTIES and text:
            texts[dataset].append(text)
    return dict(_property(dataset, found) for dataset, found in texts.items())


def _datasets(block: bytes) -> Iterator[tuple[int, int, bytes]]:
    place = 0
    while place + HEADER.size <= len(block):
        marker, record, dataset, size = HEADER.unpack_from(block, place)
        if marker != MARKER or size > 0x7FFF:  # a longer one is no text
            return
        place += HEADER.size
        yield record, dataset, block[place : place + size]
        place += size


def _text(value: bytes, coding: str) -> str:
    try:
        text = value.decode()  # much software forgets to say that it writes UTF-8
    except UnicodeDecodeError:
        text = value.decode(coding, errors="replace")
    return text.strip(" \0\r\n\t")


def _property(dataset: int, texts: list[str]) -> tuple[Name, str | Several]:
    name, kind = PROPERTIES[dataset]
    return name, texts[0] if kind is None else Several(kind, tuple(texts))
