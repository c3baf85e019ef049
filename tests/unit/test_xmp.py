"""XMP: what a result keeps of its source's packet, and what it says of itself."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.pictures.vocabularies import DC, IPTC_EXT, PHOTOSHOP, WGS84
from worker.pictures.xmp import (
    MAX_PACKET_BYTES,
    BrokenXmp,
    Several,
    check_xmp,
    parse_xmp,
    properties,
    result_xmp,
    with_properties,
)

RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
ORIGIN = (IPTC_EXT, "DigitalSourceType")
COMPOSITE = {ORIGIN: "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWith"}

#: What editors write: properties as attributes, as elements, nested, and in a row.
RICH = f"""
<rdf:Description rdf:about="urn:1" xmlns:exif="http://ns.adobe.com/exif/1.0/"
  xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
  xmlns:drone="http://www.dji.com/drone-dji/1.0/" xmlns:Iptc4xmpExt="{IPTC_EXT}"
  xmlns:dc="{DC}" xmlns:own="http://shop.example/ns/"
  exif:GPSLatitude="48,51N" drone:GpsLongitude="2.35" tiff:Orientation="6" own:sku="A &amp; B"
  exif:FNumber="28/10">
  <exif:GPSAltitude>35/1</exif:GPSAltitude>
  <Iptc4xmpExt:LocationCreated><rdf:Bag><rdf:li rdf:parseType="Resource">
    <Iptc4xmpExt:City>Paris</Iptc4xmpExt:City><exif:GPSLongitude>2,21E</exif:GPSLongitude>
  </rdf:li></rdf:Bag></Iptc4xmpExt:LocationCreated>
  <dc:rights><rdf:Alt><rdf:li xml:lang="x-default">© 2026 Maison Élan</rdf:li></rdf:Alt></dc:rights>
  <xmp:Thumbnails><rdf:Alt><rdf:li>/9j/4AAQ</rdf:li></rdf:Alt></xmp:Thumbnails>
</rdf:Description>"""


def packet(inner: str = "") -> bytes:
    """A packet with some RDF in it."""
    rdf = f"<rdf:RDF {RDF}>{inner}</rdf:RDF>"
    return f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{rdf}</x:xmpmeta>'.encode()


def origin(value: str) -> bytes:
    """A packet of a source that says how it came about, and which model made it."""
    words = f'Iptc4xmpExt:DigitalSourceType="{value}" Iptc4xmpExt:AISystemUsed="Other"'
    return packet(f'<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="{IPTC_EXT}" {words}/>')


def said(body: bytes) -> dict:
    """Local name → text of every property."""
    return {name[1]: text for name, text in properties(parse_xmp(body))}


def test_a_result_without_a_source_packet_says_what_it_is():
    """A whole packet in its wrapper; nothing to say is no packet."""
    body = result_xmp(None, COMPOSITE, keep_gps=False).body
    assert dict(properties(parse_xmp(body)))[ORIGIN] == COMPOSITE[ORIGIN]
    assert body.startswith(b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>')
    assert body.endswith(b'<?xpacket end="w"?>')
    assert result_xmp(None, {}, keep_gps=False).body is None


def test_credits_stay_and_positions_and_stale_facts_go():
    """Rights, places and a shop's own properties are kept; GPS goes at any depth, of any maker."""
    result = result_xmp(packet(RICH), COMPOSITE, keep_gps=False)
    words = said(result.body)
    assert (words["sku"], words["City"], words["FNumber"]) == ("A & B", "Paris", "28/10")
    assert "© 2026 Maison Élan".encode() in result.body
    assert words["about"] == "urn:1"
    assert b"own:sku" in result.body
    assert not [name for name in words if name.lower().startswith("gps")]
    assert not {"Orientation", "Thumbnails"} & words.keys()
    assert result.notes == ("its GPS position was dropped",)


def test_positions_stay_where_they_are_wanted():
    """`keep_gps` keeps them all."""
    result = result_xmp(packet(RICH), COMPOSITE, keep_gps=True)
    names = said(result.body).keys()
    assert {"GPSLatitude", "GpsLongitude", "GPSAltitude", "GPSLongitude"} <= names
    assert result.notes == ()


PLACES = f"""
<rdf:Description rdf:about="" xmlns:geo="{WGS84}" xmlns:d="http://www.dji.com/drone-dji/1.0/"
  xmlns:p="{PHOTOSHOP}" geo:lat="48.85" d:GpsLongtitude="2.35" d:RelativeAltitude="+35.1"
  p:City="Paris" p:Country="France">
  <geo:Point><geo:long>2.35</geo:long></geo:Point><d:Latitude>48.85</d:Latitude>
</rdf:Description>"""


def test_a_position_goes_in_whatever_words_it_is_said():
    """The W3C's places, and latitude, longitude and altitude in any vocabulary; cities stay."""
    result = result_xmp(packet(PLACES), {}, keep_gps=False)
    assert said(result.body).keys() == {"xmpmeta", "RDF", "Description", "about", "City", "Country"}
    assert result.notes == ("its GPS position was dropped",)
    assert b"48.85" in result_xmp(packet(PLACES), {}, keep_gps=True).body


@pytest.mark.parametrize("prefix", ["gps", "GPSInfo", "latitude"])
def test_a_prefix_may_have_any_name(prefix):
    """The declaration of a prefix is no position, and what uses it stays."""
    address = "http://example.com/track/"
    words = f'xmlns:{prefix}="{address}" {prefix}:sku="A 7"'
    result = result_xmp(packet(f"<rdf:Description {words}/>"), COMPOSITE, keep_gps=False)
    assert said(result.body)["sku"] == "A 7"
    assert result.notes == ()


@pytest.mark.parametrize(
    "body",
    [
        f'<g:gpsTrip xmlns:g="urn:x"><rdf:RDF {RDF}/></g:gpsTrip>'.encode(),
        f'<x xmlns:g="urn:x"><g:altitude><rdf:RDF {RDF}/></g:altitude></x>'.encode(),
    ],
)
def test_a_packet_of_which_nothing_is_left_costs_a_note(body):
    """Where all that it holds lies in what must go, the result says what it is all the same."""
    check_xmp(body)
    for words in (COMPOSITE, {}):
        result = result_xmp(body, words, keep_gps=False)
        assert result.body == result_xmp(None, words, keep_gps=False).body
        (note,) = result.notes
        assert note.startswith("its XMP could not be carried on and was dropped (")


def test_an_old_statement_of_origin_is_replaced():
    """One statement, and no other model's name beside it."""
    result = result_xmp(origin("digitalCapture"), COMPOSITE, keep_gps=False)
    assert [text for name, text in properties(parse_xmp(result.body)) if name == ORIGIN] == [
        COMPOSITE[ORIGIN]
    ]
    assert b"Other" not in result.body
    assert result.notes == ("what its XMP said of its origin was replaced",)


def test_saying_nothing_neither_lies_nor_hides():
    """A camera's word is untrue of a result and goes; a statement that AI was used stays."""
    assert "DigitalSourceType" not in said(
        result_xmp(origin("digitalCapture"), {}, keep_gps=False).body
    )
    kept = said(result_xmp(origin("trainedAlgorithmicMedia"), {}, keep_gps=False).body)
    assert kept["DigitalSourceType"] == "trainedAlgorithmicMedia"
    assert kept["AISystemUsed"] == "Other"


def test_a_packet_that_no_jpeg_holds_is_left_behind():
    """The result says what it is all the same, and a note tells."""
    long = f'<rdf:Description rdf:about="" xmlns:dc="{DC}" dc:format="{"x" * 66_000}"/>'
    result = result_xmp(packet(long), COMPOSITE, keep_gps=False)
    assert len(result.body) < MAX_PACKET_BYTES
    assert said(result.body)["DigitalSourceType"] == COMPOSITE[ORIGIN]
    assert result.notes == ("its XMP could not be carried on and was dropped (over 65,502 bytes)",)


def test_a_lifted_property_never_overrules_the_packet():
    """What XMP says counts; what it is silent about is added."""
    titles = {(DC, "rights"): Several("Alt", ("old",)), (DC, "title"): Several("Alt", ("New",))}
    body = with_properties(packet(RICH), titles)
    assert b"old" not in body
    assert b'<dc:title><rdf:Alt><rdf:li xml:lang="x-default">New' in body
    assert with_properties(body, titles) == body


BOMB = b'<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;">]>' + packet("&c;")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "ExpatError"),
        (b"\xff\xd8\xff", "ExpatError"),
        (packet()[:-4], "ExpatError"),
        (packet('<a:b rdf:about=""/>'), "ExpatError"),
        (b'<?xml version="1.0" encoding="nonsense"?>' + packet(), "unknown encoding"),
        (b"<svg/>", "no RDF"),
        (BOMB, "DTDForbidden"),
        (b'<!DOCTYPE a SYSTEM "http://127.0.0.1/a.dtd">' + packet(), "DTDForbidden"),
        (packet("<a>" * 70 + "</a>" * 70), "nested over 64 levels"),
        (packet("<a>" * 30_000 + "</a>" * 30_000), "nested over 64 levels"),
        (packet("<a/>" * 70_000), "over 262,144 bytes"),
    ],
)
def test_a_hostile_or_broken_packet_is_refused(body, reason):
    """No entity is expanded, nothing is fetched, and no depth ends the process."""
    with pytest.raises(BrokenXmp, match=reason):
        check_xmp(body)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60), st.text(max_size=60))
def test_any_words_can_be_said_and_read_again(prompt, kept):
    """Whatever a prompt or a credit holds, the packet stays well-formed and unchanged else."""
    source = with_properties(None, {(DC, "rights"): Several("Alt", (kept,))})
    body = result_xmp(source, {(IPTC_EXT, "AIPromptInformation"): prompt}, keep_gps=False).body
    check_xmp(body)
    again = result_xmp(body, {}, keep_gps=False).body
    assert said(again) == said(body)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_damaged_packet_is_refused_or_used(data):
    """Any byte of a packet changed: BrokenXmp, or a result that can be read."""
    body = bytearray(packet(RICH))
    for _ in range(data.draw(st.integers(1, 3))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    try:
        check_xmp(bytes(body))
    except BrokenXmp:
        return
    result = result_xmp(bytes(body), COMPOSITE, keep_gps=False)
    assert said(result.body)["DigitalSourceType"] == COMPOSITE[ORIGIN]
