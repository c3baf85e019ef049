"""Vocabularies: XMP's namespaces, and which of their properties no result may inherit."""

import re
from typing import TypeAlias

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
IPTC_EXT = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
EXIF = "http://ns.adobe.com/exif/1.0/"
TIFF = "http://ns.adobe.com/tiff/1.0/"
XMP = "http://ns.adobe.com/xap/1.0/"
XMP_NOTE = "http://ns.adobe.com/xmp/note/"
DC = "http://purl.org/dc/elements/1.1/"
PHOTOSHOP = "http://ns.adobe.com/photoshop/1.0/"

#: A property's vocabulary (namespace) and its name there.
Name: TypeAlias = tuple[str, str]

#: How the picture came about; a result is the work of other hands than its source's camera.
ORIGIN = frozenset({(IPTC_EXT, "DigitalSourceType"), (IPTC_EXT, "DigitalSourcefileType")})
#: Which model made it, and what it was told (IPTC Photo Metadata 2025.1).
MAKING = frozenset(
    (IPTC_EXT, f"AI{name}")
    for name in ("SystemUsed", "SystemVersionUsed", "PromptInformation", "PromptWriterName")
)
#: Properties of the old file's encoding and of parts that a result has no longer.
STALE = frozenset(
    {
        *((TIFF, name) for name in ("Orientation", "ImageWidth", "ImageLength", "Compression")),
        *((TIFF, name) for name in ("BitsPerSample", "SamplesPerPixel", "YCbCrSubSampling")),
        *((TIFF, name) for name in ("PhotometricInterpretation", "PlanarConfiguration")),
        *((EXIF, name) for name in ("PixelXDimension", "PixelYDimension", "MakerNote")),
        (XMP, "Thumbnails"),
        (PHOTOSHOP, "LegacyIPTCDigest"),
        ("http://purl.org/dc/terms/", "provenance"),  # content credentials; any edit voids them
    }
)
#: Vocabularies that only describe depth maps, gain maps and films behind the picture.
STALE_VOCABULARIES = frozenset(
    {
        "http://ns.adobe.com/hdr-gain-map/1.0/",
        "http://ns.google.com/photos/1.0/camera/",
        "http://ns.google.com/photos/1.0/container/",
        "http://ns.google.com/photos/1.0/depthmap/",
        "http://ns.google.com/photos/1.0/image/",
    }
)
#: The W3C's vocabulary of places on the globe: all of it is a position.
WGS84 = "http://www.w3.org/2003/01/geo/wgs84_pos#"
#: Names of positions in any vocabulary; drones write `Longtitude`, too. Names of cities and
#: countries are credits.
POSITION_NAMES = re.compile("^gps|latitude|longt?itude|altitude", re.IGNORECASE)


def is_position(name: Name) -> bool:
    """Whether a property says where on the globe the picture was taken."""
    return name[0] == WGS84 or POSITION_NAMES.search(name[1]) is not None
