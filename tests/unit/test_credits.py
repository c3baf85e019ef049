"""Credits: what sources say in words reaches the result, or is said to be lost."""

import struct
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.pictures import STYLE, chunk, file_of, odd_tiff, photo, read, read_mask
from worker.pictures.credits import CONTENT_CREDENTIALS
from worker.pictures.encoding import encode
from worker.pictures.info import KINDS
from worker.pictures.iptc import read_iptc
from worker.pictures.vocabularies import DC, PHOTOSHOP
from worker.pictures.xmp import Several, parse_xmp, properties, with_properties

RIGHTS = {(DC, "rights"): Several("Alt", ("© Maison Élan",))}
PACKET = with_properties(None, RIGHTS)


def iim(*datasets: tuple[int, int, bytes]) -> bytes:
    """An IPTC-IIM block."""
    return b"".join(
        struct.pack(">BBBH", 0x1C, record, number, len(value)) + value
        for record, number, value in datasets
    )


def jpeg(block: bytes = b"", **options) -> bytes:
    """A JPEG, with an IPTC-IIM block where one is given."""
    content = b"Photoshop 3.0\0" + b"8BIM" + struct.pack(">HHI", 0x0404, 0, len(block)) + block
    segment = b"\xff\xed" + struct.pack(">H", len(content) + 2) + content
    return file_of(Image.fromarray(photo()), "JPEG", extra=segment if block else b"", **options)


def texts(xmp: bytes) -> str:
    """All that a packet says."""
    return " ".join(text for _, text in properties(parse_xmp(xmp)))


def source(container: str) -> bytes:
    """A picture of each container with a packet that says whose it is."""
    image = Image.fromarray(photo())
    if container == "PNG":
        info = PngInfo()
        info.add_itxt("XML:com.adobe.xmp", PACKET.decode())
        return file_of(image, "PNG", pnginfo=info)
    if container == "TIFF":
        return file_of(image, "TIFF", tiffinfo={700: PACKET})
    return file_of(image, container, xmp=PACKET)


@pytest.mark.parametrize("result", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize("container", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_rights_in_xmp_come_through_every_pair_of_containers(container, result):
    """Whose a picture is stands in its result, whatever the two files are."""
    picture = read(source(container))
    assert picture.notes == ()
    again = read(encode(picture, result, STYLE).body)
    assert "© Maison Élan" in texts(again.xmp)
    assert again.notes == ()


def test_broken_xmp_costs_a_note_not_the_picture():
    """The picture is used, and its sidecar says what was lost."""
    picture = read(jpeg(xmp=b"<!DOCTYPE x><x/>"))
    assert picture.xmp is None
    assert picture.notes[0].startswith("its XMP is broken and was dropped (DTDForbidden")
    assert np.abs(picture.rgb.astype(int) - photo()).max() < 30


@pytest.mark.parametrize(("kind", "value"), [(2, PACKET.decode("latin-1")), (4, 7)])
def test_a_packet_that_is_no_bytes_costs_a_note_not_the_picture(kind, value):
    """TIFF tags may be of any type, and Pillow searches the packet while it decodes."""
    body = odd_tiff(kind, {700: value})
    picture = read(body)
    assert np.array_equal(picture.rgb, photo())
    assert (picture.xmp, picture.notes) == (None, ("its XMP is broken and was dropped",))
    assert read_mask(body).shape == (80, 96)


def test_a_resolution_that_is_no_number_costs_notes_not_the_picture():
    """It is read twice, as what the picture has and as what its EXIF says."""
    picture = read(odd_tiff(2, {282: "fine", 283: "fine"}))
    assert np.array_equal(picture.rgb, photo())
    assert picture.dpi is None
    assert "its resolution is broken and was dropped (TypeError" in " ".join(picture.notes)


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("keyword", [*KINDS, "XML:com.adobe.xmp", "Raw profile type exif"])
def test_no_keyword_of_a_png_passes_for_something_else(keyword, late):
    """Pillow puts texts among its own findings, also those that stand behind the pixels."""
    body = file_of(Image.fromarray(photo()), "PNG")
    text, place = chunk(b"tEXt", keyword.encode() + b"\0abc"), -12 if late else 33
    picture = read(body[:place] + text + body[place:])
    assert np.array_equal(picture.rgb, photo())
    assert (picture.icc, picture.alpha, picture.dpi) == (None, None, None)
    assert picture.notes or keyword not in KINDS


def test_a_profile_that_a_png_only_claims_costs_a_note():
    """What does not unpack was a profile once: the picture is not sRGB for sure."""
    body = file_of(Image.fromarray(photo()), "PNG")
    claim = chunk(b"iCCP", b"wide\0\0 not packed")
    assert read(body[:33] + claim + body[33:]).notes == (
        "its colour profile is broken and was dropped",
    )


def test_iptc_becomes_the_xmp_of_equal_meaning():
    """Caption, keywords, creator and rights; a word that XMP says already is XMP's."""
    block = iim(
        (2, 120, "Robe à pois".encode()),
        (2, 25, b"dress"),
        (2, 25, b"summer"),
        (2, 80, b"J. Doe"),
        (2, 116, b"somebody else"),
        (2, 110, b"Agency"),
    )
    picture = read(jpeg(block, xmp=PACKET))
    told = texts(picture.xmp)
    for words in ("Robe à pois", "dress", "summer", "J. Doe", "© Maison Élan", "Agency"):
        assert words in told
    assert "somebody else" not in told
    assert picture.notes == ("its IPTC-IIM block became XMP",)


@pytest.mark.parametrize(
    "block",
    [
        iim((1, 90, b"\x1b%G"), (2, 110, "Élan".encode())),
        iim((2, 110, "Élan".encode())),
        iim((2, 110, "Élan".encode("latin-1"))),
        iim((2, 110, "Élan".encode()), (2, 200, b"?")) + b"\x1c\x02",
        iim((2, 110, "Élan".encode())) + b"\x1c\x02\x50\xff\xff" + b"x" * 40,
    ],
)
def test_iptc_is_read_in_the_codings_that_software_writes(block):
    """UTF-8, said or not, else Latin-1; what is cut short or senseless ends the reading."""
    assert read_iptc(block) == {(PHOTOSHOP, "Credit"): "Élan"}


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=80) | st.binary(max_size=60).map(lambda tail: iim((2, 80, tail)) + tail))
def test_no_iptc_block_costs_the_picture(block):
    """Arbitrary bytes: the picture is decoded and its result can be written."""
    encode(read(jpeg(block)), "JPEG", STYLE)


def test_png_keywords_become_xmp_and_other_texts_are_noted():
    """The standard's four have a place in XMP; a generator's parameters have none."""
    info = PngInfo()
    info.add_text("Copyright", "© Maison Élan")
    info.add_itxt("Author", "李")
    info.add_text("parameters", "secret prompt")
    picture = read(file_of(Image.fromarray(photo()), "PNG", pnginfo=info))
    assert "© Maison Élan" in texts(picture.xmp)
    assert "李" in texts(picture.xmp)
    assert picture.notes == ("these of its texts were dropped: parameters",)
    assert b"secret" not in encode(picture, "PNG", STYLE).body


def test_what_cannot_be_carried_on_is_said():
    """Comments, and content credentials, which any edit voids."""
    assert read(jpeg(comment=b"made by hand")).notes == ("its comment was dropped",)
    body = jpeg()
    marked = body[:2] + b"\xff\xeb\0\x16" + b"JP\0\0" + CONTENT_CREDENTIALS + body[2:]
    (note,) = read(marked).notes
    assert "C2PA" in note
    assert CONTENT_CREDENTIALS not in encode(read(marked), "JPEG", STYLE).body


def test_resolution_is_kept():
    """Dots per inch stand in the headers of JPEG and PNG; nonsense is none."""
    for container in ("JPEG", "PNG"):
        picture = read(jpeg(dpi=(300, 300)))
        body = encode(picture, container, STYLE).body
        assert round(Image.open(BytesIO(body)).info["dpi"][0]) == 300
    assert read(jpeg(dpi=(72, 300))).dpi is None
    assert read(jpeg()).dpi is None
