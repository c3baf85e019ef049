"""Images: every container, mode, profile and orientation becomes the right pixels."""

import struct
from io import BytesIO

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageOps

from shared.errors import ImageUnsupported
from tests.pictures import STYLE, chunk, file_of, photo, read, read_mask, turned
from worker.pictures.encoding import encode

# --- what decodes ----------------------------------------------------------------------------


@pytest.mark.parametrize("container", ["PNG", "WEBP", "TIFF"])
def test_a_lossless_picture_decodes_to_its_very_pixels(container):
    """decode(encode(x)) = x for lossless containers, and the container is remembered."""
    options = {"lossless": True} if container == "WEBP" else {}
    picture = read(file_of(Image.fromarray(photo()), container, **options))
    assert np.array_equal(picture.rgb, photo())
    assert (picture.container, picture.alpha, picture.notes) == (container, None, ())
    assert picture.size == (96, 80)


def test_a_still_gif_decodes_to_its_palettes_colours():
    """Shops' old pictures: 256 colours, one of which may be clear."""
    palette = Image.fromarray(photo()).quantize(32)
    picture = read(file_of(palette, "GIF"))
    assert (picture.container, picture.alpha) == ("GIF", None)
    assert np.array_equal(picture.rgb, np.asarray(palette.convert("RGB")))
    clear = read(file_of(palette, "GIF", transparency=3))
    assert np.array_equal(clear.alpha == 0, np.asarray(palette) == 3)


def test_an_avif_decodes_with_its_alpha_and_profile():
    """AVIF is read as Pillow reads it; at quality 100 it is nearly what went in."""
    icc, pixels = profile("sRGB"), photo(channels=4)
    picture = read(file_of(Image.fromarray(pixels), "AVIF", quality=100, icc_profile=icc))
    assert (picture.container, picture.icc) == ("AVIF", icc)
    assert np.abs(picture.rgb.astype(int) - pixels[..., :3])[pixels[..., 3] > 0].max() <= 8
    assert np.abs(picture.alpha.astype(int) - pixels[..., 3]).max() <= 2


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("container", ["PNG", "TIFF", "WEBP", "AVIF"])
def test_every_orientation_is_applied_and_its_tag_dropped(container, orientation):
    """The pixels stand as `ImageOps.exif_transpose` stands them, and no later reader turns them."""
    options = {"lossless": True} if container == "WEBP" else {}
    body = file_of(Image.fromarray(photo()), container, exif=turned(orientation), **options)
    picture = read(body)
    truth = np.asarray(ImageOps.exif_transpose(Image.open(BytesIO(body))).convert("RGB"))
    assert np.array_equal(picture.rgb, truth)
    again = Image.open(BytesIO(encode(picture, "JPEG", STYLE).body))
    assert 0x0112 not in again.getexif()
    assert again.getexif()[0x010F] == "Camera & Sons"
    assert again.size == picture.size


def test_kept_exif_tells_the_new_sides_and_no_thumbnail_or_makers_notes():
    """Tags about the old encoding are gone; the pixel sides are those of the upright picture."""
    picture = read(file_of(Image.fromarray(photo()), "JPEG", exif=turned(6)))
    assert picture.size == (80, 96)
    kept = Image.Exif()
    kept.load(picture.exif)
    folder = kept.get_ifd(0x8769)
    assert (folder[0xA002], folder[0xA003]) == (80, 96)
    assert 0x927C not in folder
    assert kept.get_ifd(0x14A) == {}
    assert b"secret" not in picture.exif


@pytest.mark.parametrize("orientation", [0, 9, 99])
def test_an_orientation_that_means_nothing_is_ignored(orientation):
    """Only 2 to 8 turn a picture."""
    picture = read(file_of(Image.fromarray(photo()), "PNG", exif=turned(orientation)))
    assert np.array_equal(picture.rgb, photo())


@pytest.mark.parametrize("container", ["PNG", "TIFF"])
@pytest.mark.parametrize("order", ["<u2", ">u2"])
def test_16_bit_grey_is_scaled_and_not_clipped(container, order):
    """A sample v of 65535 becomes v / 257, to the nearest."""
    wide = np.linspace(0, 65_535, 96 * 80).astype(order).reshape(80, 96)
    picture = read(file_of(Image.fromarray(wide), container))
    grey = np.round(wide / 257).astype(np.uint8)
    assert np.array_equal(picture.rgb, np.dstack([grey] * 3))
    assert picture.alpha is None


def test_16_bit_colour_is_scaled_and_not_clipped():
    """The high byte of each sample stays; the error is at most one level."""
    wide = photo().astype(np.uint16) * 257
    body = cv2.imencode(".png", wide[..., ::-1])[1].tobytes()
    picture = read(body)
    assert np.array_equal(picture.rgb, photo())
    assert picture.notes == ("its samples have 16 bits; the result has 8",)


def test_transparent_16_bit_grey_is_clear_where_the_file_says():
    """The one grey that a tRNS chunk names is transparent, and no other."""
    wide = np.full((80, 96), 1_000, dtype=np.uint16)
    wide[:40] = 60_000
    body = file_of(Image.fromarray(wide), "PNG", transparency=60_000)
    picture = read(body)
    assert np.array_equal(picture.alpha == 0, wide == 60_000)


def test_transparent_16_bit_colour_is_clear_where_the_file_says():
    """Pillow reads such samples at 8 bits but the key at 16; the two still meet."""
    wide = np.full((80, 96, 3), 1_000, dtype=np.uint16)
    wide[:40] = 60_000
    body = cv2.imencode(".png", wide)[1].tobytes()
    place = body.index(b"IDAT") - 4
    body = body[:place] + chunk(b"tRNS", struct.pack(">3H", *[60_000] * 3)) + body[place:]
    assert np.array_equal(read(body).alpha == 0, wide[..., 0] == 60_000)


@pytest.mark.parametrize("container", ["PNG", "TIFF"])
def test_one_bit_pictures_are_black_and_white(container):
    """Mode 1 means 0 and 255."""
    dots = photo()[..., 0] > 100
    picture = read(file_of(Image.fromarray(dots), container))
    assert np.array_equal(picture.rgb, np.dstack([np.where(dots, 255, 0)] * 3))


@pytest.mark.parametrize("container", ["PNG", "WEBP", "TIFF"])
def test_alpha_is_kept_apart_and_colour_under_it_kept(container):
    """RGBA splits into rgb and alpha, both unchanged."""
    pixels = photo(channels=4)
    options = {"lossless": True, "exact": True} if container == "WEBP" else {}
    picture = read(file_of(Image.fromarray(pixels), container, **options))
    assert np.array_equal(picture.rgb, pixels[..., :3])
    assert np.array_equal(picture.alpha, pixels[..., 3])


def test_grey_with_alpha_and_palettes_with_alpha_decode():
    """LA, and a palette with a transparent entry, give rgb and alpha."""
    grey = Image.fromarray(photo()[..., 0])
    alpha = Image.fromarray(photo()[..., 1])
    picture = read(file_of(Image.merge("LA", (grey, alpha)), "PNG"))
    assert np.array_equal(picture.alpha, photo()[..., 1])
    assert np.array_equal(picture.rgb[..., 2], photo()[..., 0])
    palette = Image.fromarray(photo()).quantize(8)
    picture = read(file_of(palette, "PNG", transparency=3))
    assert np.array_equal(picture.alpha == 0, np.asarray(palette) == 3)
    assert np.array_equal(picture.rgb, np.asarray(palette.convert("RGB")))


def test_a_palette_without_transparency_has_no_alpha():
    """Opaque palettes are plain RGB."""
    palette = Image.fromarray(photo()).quantize(32)
    picture = read(file_of(palette, "PNG"))
    assert picture.alpha is None
    assert np.array_equal(picture.rgb, np.asarray(palette.convert("RGB")))


def test_32_bit_samples_are_refused_by_their_name():
    """Nothing in such a file says which number is white."""
    for mode in ("I", "F"):
        body = file_of(Image.new(mode, (70, 70)), "TIFF")
        with pytest.raises(ImageUnsupported, match="32 bits"):
            read(body)
        with pytest.raises(ImageUnsupported, match="32 bits"):
            read_mask(body, (70, 70))


@pytest.mark.parametrize("container", ["JPEG", "TIFF"])
def test_cmyk_becomes_rgb_with_a_note(container):
    """Cyan ink shows as cyan; what was assumed is said."""
    picture = read(file_of(Image.new("CMYK", (80, 70), (255, 0, 0, 0)), container))
    assert picture.rgb[0, 0, 0] < 30
    assert picture.rgb[0, 0, 1] > 220
    assert picture.icc is None
    assert any("CMYK" in note for note in picture.notes)


def test_lab_becomes_rgb():
    """Lab pictures have exact colours and no need of a profile: L = 100 % is white."""
    picture = read(file_of(Image.new("LAB", (70, 70), (255, 128, 128)), "TIFF"))
    assert picture.rgb.min() >= 253


# --- colour profiles -------------------------------------------------------------------------


def profile(space: str) -> bytes:
    """A profile that littlecms makes itself."""
    made = ImageCms.createProfile(space, 5000) if space == "LAB" else ImageCms.createProfile(space)
    return ImageCms.ImageCmsProfile(made).tobytes()


@pytest.mark.parametrize("container", ["JPEG", "PNG", "WEBP"])
def test_an_rgb_profile_comes_through_decoding_and_encoding(container):
    """The bytes of the source's profile are those of the result's."""
    icc = profile("sRGB")
    picture = read(file_of(Image.fromarray(photo()), "JPEG", icc_profile=icc))
    assert picture.icc == icc
    written = Image.open(BytesIO(encode(picture, container, STYLE).body))
    assert written.info["icc_profile"] == icc


@pytest.mark.parametrize(
    ("icc", "complaint"),
    [
        (b"no profile at all", "broken"),
        (profile("sRGB")[:200], "broken"),
        (profile("LAB"), "Lab"),
    ],
)
def test_a_profile_that_cannot_be_used_costs_a_note(icc, complaint):
    """The picture decodes, its numbers unchanged, and no wrong profile goes out with it."""
    picture = read(file_of(Image.fromarray(photo()), "PNG", icc_profile=icc))
    assert picture.icc is None
    assert np.array_equal(picture.rgb, photo())
    assert any(complaint in note for note in picture.notes)


def grey_profile(gamma: float) -> bytes:
    """An ICC v2 profile of a grey with a pure power curve, byte by byte (ICC.1:2001-04)."""
    curve = b"curv" + bytes(4) + struct.pack(">IHxx", 1, round(gamma * 256))
    white = b"XYZ " + bytes(4) + struct.pack(">3i", 63_190, 65_536, 54_061)
    text = b"desc" + bytes(4) + struct.pack(">I", 5) + b"grey\0" + bytes(78 + 1)
    parts, tags, place = b"", b"", 128 + 4 + 3 * 12
    for name, part in ((b"desc", text), (b"kTRC", curve), (b"wtpt", white)):
        tags += name + struct.pack(">2I", place + len(parts), len(part))
        parts += part + bytes(-len(part) % 4)
    size = place + len(parts)
    head = struct.pack(">I4sI4s4s4s", size, b"", 0x02100000, b"mntr", b"GRAY", b"XYZ ")
    head += bytes(12) + b"acsp" + bytes(28) + struct.pack(">3i", 63_190, 65_536, 54_061)
    return head.ljust(128, b"\0") + struct.pack(">I", 3) + tags + parts


def test_a_grey_profile_is_applied_because_rgb_cannot_carry_it():
    """Linear grey 55 of 255 is as bright as sRGB 128 or so; alpha is not touched by it."""
    level = Image.merge("LA", (Image.new("L", (70, 70), 55), Image.new("L", (70, 70), 9)))
    picture = read(file_of(level, "PNG", icc_profile=grey_profile(1.0)))
    assert 120 < picture.rgb[0, 0, 0] < 136
    assert picture.icc is None
    assert (picture.alpha == 9).all()
    assert any("applied" in note for note in picture.notes)


# --- broken EXIF -----------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore")
@settings(deadline=None)
@given(damage=st.binary(min_size=0, max_size=60))
def test_broken_exif_never_costs_the_picture(damage):
    """Any bytes may stand where EXIF should: the pixels come out, upright or as they are."""
    body = file_of(Image.fromarray(photo()), "JPEG", exif=b"Exif\0\0" + damage)
    assert read(body).rgb.size == photo().size


@pytest.mark.filterwarnings("ignore")
def test_truncated_exif_is_noted_or_kept_in_part():
    """A block that ends early is no reason to fail."""
    for length in range(8, len(turned(6)), 7):
        body = file_of(Image.fromarray(photo()), "JPEG", exif=turned(6)[:length])
        picture = read(body)
        encode(picture, "JPEG", STYLE)


def test_exif_that_is_no_exif_leaves_a_note():
    """The sidecar shall say that something was dropped."""
    picture = read(file_of(Image.fromarray(photo()), "JPEG", exif=b"Exif\0\0rubbish, not a header"))
    assert picture.exif is None
    assert any("EXIF" in note for note in picture.notes)


def test_only_exif_turns_a_picture():
    """Browsers show a picture unturned whatever its XMP says, so that is how people know it."""
    packet = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf='
        b'"http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description xmlns:tiff='
        b'"http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>'
    )
    assert read(file_of(Image.fromarray(photo()), "JPEG", xmp=packet)).size == (96, 80)


def test_a_tiff_that_tells_no_resolution_has_none():
    """Pillow makes up one dot per inch, at which a page would show it metres wide."""
    assert read(file_of(Image.fromarray(photo()), "TIFF")).dpi is None
    assert read(file_of(Image.fromarray(photo()), "TIFF", dpi=(300, 300))).dpi == 300
