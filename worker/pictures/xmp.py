"""XMP: the packet that a result inherits from its source, cleaned, and what it adds of its own."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias
from xml.dom.minidom import Attr, Document, Element
from xml.parsers.expat import ExpatError

from defusedxml import minidom

from shared.wording import shorten
from worker.pictures.vocabularies import (
    DC,
    IPTC_EXT,
    MAKING,
    ORIGIN,
    PHOTOSHOP,
    RDF,
    STALE,
    STALE_VOCABULARIES,
    XMP_NOTE,
    Name,
    is_position,
)

#: The usual prefixes of the vocabularies that we write in.
PREFIXES = {RDF: "rdf", IPTC_EXT: "Iptc4xmpExt", DC: "dc", PHOTOSHOP: "photoshop"}
#: The vocabulary of declarations of prefixes, which minidom lists as attributes.
XMLNS = "http://www.w3.org/2000/xmlns/"

#: A JPEG has room for this many bytes of XMP in its one segment (XMP specification, part 3).
MAX_PACKET_BYTES = 65_502
#: A source's packet over this is not even parsed; padding and thumbnails fill most large ones.
MAX_SOURCE_BYTES = 262_144
#: Elements within elements; real packets have about eight, and reading one is recursive.
MAX_DEPTH = 64

#: XML 1.0 has no way at all to write these.
UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

EMPTY = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}"/></x:xmpmeta>'
#: The wrapper by which readers find a packet in any file; these words are the standard's.
HEAD = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
TAIL = '\n<?xpacket end="w"?>'

EXTENDED = "the extended part of its XMP was dropped"
POSITION = "its GPS position was dropped"
REPLACED = "what its XMP said of its origin was replaced"
UNCLEANABLE = "its XMP could not be carried on and was dropped ({reason})"

#: How a property holds several texts: as wordings, as a set, or in a row.
Kind: TypeAlias = Literal["Alt", "Bag", "Seq"]


@dataclass(frozen=True, slots=True)
class Several:
    """Several texts of one property."""

    kind: Kind
    texts: tuple[str, ...]


#: Properties and what they are to say.
Said: TypeAlias = Mapping[Name, "str | Several"]


class BrokenXmp(ValueError):
    """Bytes that are no XMP packet, or one that is not safe to read."""


@dataclass(frozen=True, slots=True)
class Packet:
    """A result's XMP."""

    #: UTF-8, in its wrapper; None where there is nothing to say.
    body: bytes | None
    notes: tuple[str, ...] = ()


def check_xmp(body: bytes) -> None:
    """See that a stranger's packet is one, and is safe to work with.

    Raises:
        BrokenXmp: No XML, no RDF in it, over 256 kB, nested beyond reason, or a document type
            (with which a few bytes of entities blow up to gigabytes).
    """
    if len(body) > MAX_SOURCE_BYTES:
        raise BrokenXmp(f"over {MAX_SOURCE_BYTES:,} bytes")
    document = parse_xmp(body)
    _check_depth(document, MAX_DEPTH)
    _rdf(document)


def parse_xmp(body: bytes) -> Document:
    """Read a packet that was checked, or written here, with the names' prefixes as they were.

    Raises:
        BrokenXmp: No XML, or with a document type.
    """
    try:
        # The stub wants text, but only bytes say by themselves how they are encoded.
        return minidom.parseString(body.strip(b"\0 \r\n\t"), forbid_dtd=True)  # type: ignore[arg-type]
    except (ValueError, LookupError, ExpatError) as error:
        raise BrokenXmp(f"{type(error).__name__}: {error}") from error


def _check_depth(node: Document | Element, room: int) -> None:
    if not room:
        raise BrokenXmp(f"nested over {MAX_DEPTH} levels")
    for child in node.childNodes:
        if isinstance(child, Element):
            _check_depth(child, room - 1)


def _rdf(document: Document) -> Element:
    found: list[Element] = document.getElementsByTagNameNS(RDF, "RDF")
    if not found:
        raise BrokenXmp("it holds no RDF")
    return found[0]


def result_xmp(source: bytes | None, said: Said, *, keep_gps: bool) -> Packet:
    """The packet of a result: its source's, cleaned, and what is said of the result itself.

    Args:
        source: The packet of the source, as `check_xmp` accepts it.
        said: What is said of the result itself.
        keep_gps: Whether positions stay.
    """
    if source is None and not said:
        return Packet(None)
    try:
        return _packet(source, said, keep_gps=keep_gps)
    except BrokenXmp as error:
        if source is None:
            raise
        dropped = UNCLEANABLE.format(reason=shorten(str(error)))
        return Packet(result_xmp(None, said, keep_gps=keep_gps).body, (dropped,))


def _packet(source: bytes | None, said: Said, *, keep_gps: bool) -> Packet:
    document = parse_xmp(source or EMPTY.encode())
    notes = _clean(document, said, keep_gps=keep_gps)
    _say(document, said)
    body = _written(document)
    if len(body) > MAX_PACKET_BYTES:
        raise BrokenXmp(f"over {MAX_PACKET_BYTES:,} bytes")
    _rdf(parse_xmp(body))  # a reader must be able to; what was taken away may have carried the rest
    return Packet(body, notes)


def with_properties(source: bytes | None, said: Said) -> bytes | None:
    """A packet that also says these, where it is silent about them."""
    document = parse_xmp(source or EMPTY.encode())
    known = {name for name, _ in properties(document)}
    missing = {name: value for name, value in said.items() if name not in known}
    _say(document, missing)
    return _written(document) if missing else source


def properties(document: Document) -> Iterator[tuple[Name, str]]:
    """Every property of a packet, nested ones too, with its text."""
    for node in _nodes(document):
        yield _name(node), _text(node)


def _nodes(document: Document) -> Iterator[Element | Attr]:
    """Every element and attribute; a prefix's declaration is neither, whatever the prefix."""
    for element in document.getElementsByTagNameNS("*", "*"):
        yield element
        attributes = list(element.attributes.values())
        yield from (node for node in attributes if node.namespaceURI != XMLNS)


def _name(node: Element | Attr) -> Name:
    return node.namespaceURI or "", node.localName or ""


def _text(node: Element | Attr) -> str:
    """An attribute's value, an element's text, or the address that stands for it."""
    if isinstance(node, Attr):
        return node.value
    words = [str(part.nodeValue) for part in node.childNodes if part.nodeType == part.TEXT_NODE]
    return "".join(words).strip() or node.getAttributeNS(RDF, "resource")


def _clean(document: Document, said: Said, *, keep_gps: bool) -> tuple[str, ...]:
    """Remove what is stale, private or about to be said anew; what there is to say about it."""
    notes: dict[str, None] = {}
    for node in _nodes(document):
        note = _complaint(_name(node), _text(node), said, keep_gps=keep_gps)
        if note is not None:
            notes[note] = None
            _remove(node)
    return tuple(note for note in notes if note)


def _complaint(name: Name, text: str, said: Said, *, keep_gps: bool) -> str | None:
    """Why a property must go, empty where nobody misses it; None where it stays."""
    if not keep_gps and is_position(name):
        return POSITION
    if name in ORIGIN | MAKING and _is_outdated(name, text, said):
        return REPLACED
    if name == (XMP_NOTE, "HasExtendedXMP"):
        return EXTENDED
    return "" if name in STALE or name[0] in STALE_VOCABULARIES else None


def _is_outdated(name: Name, text: str, said: Said) -> bool:
    if name in said or (IPTC_EXT, "DigitalSourceType") in said:
        return True
    # Nothing of ours is said: only that it comes straight from a camera or scanner is untrue now.
    return name in ORIGIN and "trainedalgorithmicmedia" not in text.lower()


def _remove(node: Element | Attr) -> None:
    if isinstance(node, Attr):
        if node.ownerElement is not None:
            node.ownerElement.removeAttributeNode(node)
    elif node.parentNode is not None:
        node.parentNode.removeChild(node)


def _say(document: Document, said: Said) -> None:
    if not said:
        return
    rdf = _rdf(document)
    description = _element(document, (RDF, "Description"))
    for vocabulary in dict.fromkeys((RDF, *(name[0] for name in said))):
        description.setAttribute(f"xmlns:{PREFIXES[vocabulary]}", vocabulary)
    description.setAttribute("rdf:about", _about(rdf))
    for name, value in said.items():
        description.appendChild(_property(document, name, value))
    rdf.appendChild(description)


def _property(document: Document, name: Name, value: str | Several) -> Element:
    element = _element(document, name)
    if isinstance(value, str):
        element.appendChild(document.createTextNode(UNWRITABLE.sub("\ufffd", value)))
        return element
    several = _element(document, (RDF, value.kind))
    for text in value.texts:
        item = _property(document, (RDF, "li"), text)
        if value.kind == "Alt":
            item.setAttribute("xml:lang", "x-default")
        several.appendChild(item)
    element.appendChild(several)
    return element


def _element(document: Document, name: Name) -> Element:
    return document.createElementNS(name[0], f"{PREFIXES[name[0]]}:{name[1]}")


def _about(rdf: Element) -> str:
    """What the packet speaks of: all its parts must name the same, mostly nothing."""
    parts = rdf.getElementsByTagNameNS(RDF, "Description")
    return parts[0].getAttributeNS(RDF, "about") if parts else ""


def _written(document: Document) -> bytes:
    root = document.documentElement
    return (HEAD + (root.toxml() if root else "") + TAIL).encode()
