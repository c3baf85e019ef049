"""Metadata policy: what results carry; and that a file which lacks it is never taken for one."""

import dataclasses
from io import BytesIO

import pytest
from PIL import Image, ImageCms

from shared.errors import OutputUnfaithful
from shared.styles import Style
from tests.pictures import LIMITS, SOURCE, STYLE, file_of, photo, read
from worker.pictures.encoding import Encoded, encode
from worker.pictures.images import Picture
from worker.pictures.metadata import Metadata
from worker.pictures.readback import read_back
from worker.pictures.vocabularies import IPTC_EXT
from worker.pictures.xmp import parse_xmp, properties

CONTAINERS = ["JPEG", "PNG", "WEBP", "AVIF"]
SCHEME = "http://cv.iptc.org/newscodes/digitalsourcetype/"
XMP = (
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
    b'rdf:about="" xmlns:exif="http://ns.adobe.com/exif/1.0/" exif:GPSLatitude="48,51N"/></rdf:RDF>'
)


def styled(**fields) -> Style:
    """The tests' style with some fields replaced."""
    return STYLE.with_overrides(fields)


@pytest.fixture
def picture() -> Picture:
    """A photo that says everything: profile, camera, position (twice), resolution."""
    exif = Image.Exif()
    exif[0x010F] = "Camera & Sons"
    exif[0x8825] = {1: "N", 2: (48.0, 51.0, 24.0)}
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = Image.fromarray(photo())
    return read(file_of(image, "JPEG", exif=exif, xmp=XMP, icc_profile=icc, dpi=(300, 300)))


def back(encoded: Encoded, style: Style = STYLE) -> Picture:
    """Read a file back under the tests' limits."""
    return read_back(encoded, size=(96, 80), style=style, limits=LIMITS, source=SOURCE)


def told(encoded: Encoded) -> dict[str, str]:
    """What the file says in IPTC's words."""
    packet = Image.open(BytesIO(encoded.body)).info["xmp"]
    return {
        name: text
        for (vocabulary, name), text in properties(parse_xmp(packet))
        if vocabulary == IPTC_EXT
    }


def position(body: bytes) -> dict:
    """The directory of GPS tags."""
    return Image.open(BytesIO(body)).getexif().get_ifd(0x8825)


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_result_says_what_it_is_and_not_where_it_was(picture, container):
    """Composite, no prompt, no GPS by default; profile and camera stay."""
    encoded = encode(picture, container, STYLE)
    again = back(encoded)
    assert told(encoded) == {
        "DigitalSourceType": SCHEME + "compositeWithTrainedAlgorithmicMedia",
        "AISystemUsed": "Restyle",
    }
    assert again.icc == picture.icc
    assert Image.open(BytesIO(encoded.body)).getexif()[0x010F] == "Camera & Sons"
    assert position(encoded.body) == {}
    assert b"GPS" not in encoded.body
    assert encoded.metadata.notes == ("its GPS position was dropped",)


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_style_may_ask_for_more_or_less(picture, container):
    """Position kept, fully generated, prompt told; or nothing said at all."""
    style = styled(keep_gps=True, digital_source_type="generated", embed_prompt=True)
    encoded = encode(picture, container, style)
    back(encoded, style)
    assert told(encoded)["DigitalSourceType"] == SCHEME + "trainedAlgorithmicMedia"
    assert told(encoded)["AIPromptInformation"] == "a red dress"
    assert position(encoded.body)[1] == "N"
    assert encoded.metadata.notes == ()
    silent = styled(digital_source_type="none")
    plain = dataclasses.replace(picture, xmp=None)
    assert back(encode(plain, container, silent), silent).xmp is None


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_file_that_lost_its_metadata_is_not_taken_for_the_result(picture, container):
    """A writer that drops profile, EXIF or XMP is found out, and all that is missing is named."""
    encoded = encode(picture, container, STYLE)
    bare = file_of(Image.fromarray(picture.rgb), container)
    with pytest.raises(OutputUnfaithful) as error:
        back(dataclasses.replace(encoded, body=bare))
    assert str(error.value).endswith(
        "without its colour profile, its EXIF, its XMP, its statement of origin."
    )
    assert SOURCE in str(error.value)


def test_a_file_of_another_size_or_with_a_position_is_not_taken_for_the_result(picture):
    """The size is that of the source, and a position that was not asked for is a fault."""
    with pytest.raises(OutputUnfaithful, match="its size"):
        read_back(
            encode(picture, "PNG", STYLE), size=(80, 96), style=STYLE, limits=LIMITS, source=SOURCE
        )
    kept = encode(picture, "PNG", styled(keep_gps=True))
    with pytest.raises(OutputUnfaithful, match="the removal of its position"):
        back(kept)
    with pytest.raises(OutputUnfaithful, match="its prompt"):
        back(kept, styled(keep_gps=True, embed_prompt=True))


def test_a_file_in_another_container_is_not_taken_for_the_result(picture):
    """A PNG under a JPEG's name would have the wrong extension and content type."""
    png, jpeg = encode(picture, "PNG", STYLE), encode(picture, "JPEG", STYLE)
    with pytest.raises(OutputUnfaithful, match=r"without its container\."):
        back(dataclasses.replace(jpeg, body=png.body))


def test_a_position_without_other_exif_leaves_no_exif():
    """An empty block would say nothing."""
    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: (48.0, 51.0, 24.0)}
    picture = read(file_of(Image.fromarray(photo()), "JPEG", exif=exif))
    encoded = encode(picture, "JPEG", STYLE)
    assert encoded.metadata.exif is None
    assert back(encoded).exif is None


def test_a_file_whose_xmp_nobody_can_read_is_not_taken_for_the_result(picture):
    """Even where it is the very packet that was to be written."""
    encoded = encode(picture, "JPEG", STYLE)
    packet = b"<gps:a/>"
    broken = dataclasses.replace(
        encoded,
        body=file_of(Image.fromarray(picture.rgb), "JPEG", xmp=packet),
        metadata=Metadata(None, None, packet, None, None),
    )
    with pytest.raises(OutputUnfaithful, match="without an XMP that can be read"):
        back(broken)


def test_a_file_that_tells_a_position_in_other_words_is_not_taken_for_the_result(picture):
    """Not only names that begin with GPS are positions."""
    packet = XMP.replace(b"exif:GPSLatitude", b"exif:Longitude")
    style = styled(digital_source_type="none")
    bare = dataclasses.replace(
        encode(picture, "JPEG", style),
        body=file_of(Image.fromarray(picture.rgb), "JPEG", xmp=packet),
        metadata=Metadata(None, None, packet, None, None),
    )
    with pytest.raises(OutputUnfaithful, match="without the removal of its position"):
        back(bare, style)
