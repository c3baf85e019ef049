"""Encoding: what results keep; and supplied masks, read and written."""

import dataclasses
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile

from shared.errors import ImageUnreadable, MaskMismatch
from tests.pictures import STYLE, file_of, photo, read, read_mask, turned
from worker.pictures.encoding import CODECS, encode, encode_mask, output_container
from worker.pictures.images import Picture

# --- encoding --------------------------------------------------------------------------------


def picture_of(channels: int = 3, container: str = "PNG") -> Picture:
    """A decoded picture."""
    pixels = photo(channels=channels)
    return Picture(pixels[..., :3], pixels[..., 3] if channels == 4 else None, container)


@pytest.mark.parametrize(
    ("container", "extension", "content_type"),
    [
        ("JPEG", "jpg", "image/jpeg"),
        ("PNG", "png", "image/png"),
        ("WEBP", "webp", "image/webp"),
        ("AVIF", "avif", "image/avif"),
    ],
)
def test_an_encoded_file_is_what_it_says(container, extension, content_type):
    """Container, extension and content type agree."""
    encoded = encode(picture_of(), container, STYLE)
    assert (encoded.extension, encoded.content_type) == (extension, content_type)
    assert Image.open(BytesIO(encoded.body)).format == container


def test_png_keeps_every_pixel_and_alpha():
    """decode(encode(x, PNG)) = x."""
    picture = picture_of(channels=4)
    again = read(encode(picture, "PNG", STYLE).body)
    assert np.array_equal(again.rgb, picture.rgb)
    assert np.array_equal(again.alpha, picture.alpha)


@pytest.mark.parametrize("container", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_exif_comes_through_every_container(container):
    """What was kept of the source's EXIF stands in the result, and no note is lost."""
    picture = read(file_of(Image.fromarray(photo()), "JPEG", exif=turned(3)))
    again = read(encode(picture, container, STYLE).body)
    assert again.exif == picture.exif
    assert again.notes == ()


def test_jpeg_has_full_colour_resolution():
    """4:4:4: every component is sampled 1 x 1."""
    image = Image.open(BytesIO(encode(picture_of(), "JPEG", STYLE).body))
    assert {(layer[1], layer[2]) for layer in image.layer} == {(1, 1)}
    assert np.abs(np.asarray(image).astype(int) - photo()).max() < 8


@pytest.mark.parametrize(
    ("chroma", "sampling"), [("4:4:4", (1, 1)), ("4:2:2", (2, 1)), ("4:2:0", (2, 2))]
)
def test_jpeg_follows_its_style(chroma, sampling):
    """Chroma, progression and quality are what the style says."""
    style = STYLE.with_overrides({"jpeg_chroma": chroma, "jpeg_progressive": True})
    encoded = encode(picture_of(), "JPEG", style)
    image = Image.open(BytesIO(encoded.body))
    assert image.layer[0][1:3] == sampling
    assert image.info["progressive"] == 1
    assert encoded.options == {"quality": 95, "subsampling": chroma, "progressive": True}
    worse = encode(picture_of(), "JPEG", style.with_overrides({"jpeg_quality": 30}))
    assert len(worse.body) < len(encoded.body)
    baseline = encode(picture_of(), "JPEG", STYLE)
    assert "progressive" not in Image.open(BytesIO(baseline.body)).info


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("quality", [1, 94, 95, 100])
def test_noise_fits_into_a_jpeg_of_any_quality(quality, progressive):
    """The worst picture for an encoder is written, in one piece or in many."""
    noise = np.random.default_rng(7).choice([0, 255], (600, 700, 3)).astype(np.uint8)
    picture = Picture(
        noise, None, "JPEG", icc=b"profile" * 20_000, exif=b"Exif\0\0" + b"e" * 60_000
    )
    wishes = {"jpeg_quality": quality, "jpeg_progressive": progressive, "keep_gps": True}
    encoded = encode(picture, "JPEG", STYLE.with_overrides(wishes))
    assert np.asarray(Image.open(BytesIO(encoded.body))).shape == noise.shape


def test_a_files_bytes_do_not_depend_on_what_was_written_before(monkeypatch):
    """A progressive JPEG enlarges the buffer of all Pillow's encoders, and no file by a byte."""
    monkeypatch.setattr(ImageFile, "MAXBLOCK", 65_536)  # as in a fresh process
    noise = np.random.default_rng(7).integers(0, 256, (400, 300, 3), dtype=np.uint8)
    picture = Picture(noise, None, "JPEG")

    def written() -> list[bytes]:
        results = [encode(picture, container, STYLE).body for container in CODECS]
        return [*results, encode_mask(noise[..., 0])]

    before = written()
    encode(picture, "JPEG", STYLE.with_overrides({"jpeg_progressive": True}))
    assert ImageFile.MAXBLOCK == 6 * 400 * 300
    assert written() == before


def test_webp_is_lossless_unless_a_quality_is_asked_for():
    """Every pixel by default, those under clear alpha too; a number makes it smaller."""
    picture = picture_of(channels=4)
    lossless = read(encode(picture, "WEBP", STYLE).body)
    assert np.array_equal(lossless.rgb, picture.rgb)
    assert np.array_equal(lossless.alpha, picture.alpha)
    noise = np.random.default_rng(7).integers(0, 256, (80, 96, 3), dtype=np.uint8)
    sizes = [
        len(encode(Picture(noise, None, "WEBP"), "WEBP", STYLE.with_overrides(wishes)).body)
        for wishes in ({}, {"webp_quality": 95}, {"webp_quality": 20})
    ]
    assert sizes == sorted(sizes, reverse=True)
    assert len(set(sizes)) == 3


def test_avif_keeps_alpha_and_metadata():
    """Colour in full, alpha, camera and statement of origin; a lower quality is smaller."""
    source = read(file_of(Image.fromarray(photo(channels=4)), "PNG", exif=turned(1)))
    encoded = encode(source, "AVIF", STYLE)
    image = Image.open(BytesIO(encoded.body))
    assert np.abs(np.asarray(image).astype(int) - photo(channels=4)).max() < 12
    assert image.info["exif"] == source.exif
    assert image.info["xmp"] == encoded.metadata.xmp
    assert len(encode(source, "AVIF", STYLE.with_overrides({"avif_quality": 20})).body) < len(
        encoded.body
    )


def test_jpeg_lays_clear_pixels_on_the_background():
    """Where alpha is 0 the background shows; where it is 255 the picture does."""
    alpha = np.zeros((80, 96), dtype=np.uint8)
    alpha[:, 48:] = 255
    picture = dataclasses.replace(picture_of(), alpha=alpha)
    blue = STYLE.with_overrides({"background": "#20a0e0"})
    again = read(encode(picture, "JPEG", blue).body).rgb.astype(int)
    assert np.abs(again[:, :32] - (0x20, 0xA0, 0xE0)).max() < 6
    assert np.abs(again[:, 64:] - photo()[:, 64:]).max() < 12


@pytest.mark.parametrize(
    ("asked", "source", "container"),
    [
        ("source", "JPEG", "JPEG"),
        ("source", "PNG", "PNG"),
        ("source", "WEBP", "WEBP"),
        ("source", "AVIF", "AVIF"),
        ("source", "TIFF", "PNG"),
        ("source", "GIF", "PNG"),
        ("jpeg", "PNG", "JPEG"),
        ("png", "JPEG", "PNG"),
        ("webp", "TIFF", "WEBP"),
        ("avif", "GIF", "AVIF"),
    ],
)
def test_the_output_container_follows_style_and_source(asked, source, container):
    """`source` is the source's own; a TIFF or GIF becomes the lossless PNG."""
    assert output_container(asked, picture_of(container=source)) == container


def test_a_picture_too_long_for_webp_becomes_a_png():
    """WebP ends at 16,383 px a side."""
    long = Picture(np.zeros((64, 16_384, 3), dtype=np.uint8), None, "JPEG")
    assert output_container("webp", long) == "PNG"
    assert output_container("jpeg", long) == "JPEG"


@settings(deadline=None)
@given(hard=st.booleans(), seed=st.integers(0, 99))
def test_masks_come_back_exactly(hard, seed):
    """decode_mask(encode_mask(m)) = m; a hard one takes one bit a pixel."""
    noise = np.random.default_rng(seed).integers(0, 256, (80, 96), dtype=np.uint8)
    mask = np.where(noise > 127, 255, 0).astype(np.uint8) if hard else noise
    body = encode_mask(mask)
    assert np.array_equal(read_mask(body), mask)
    assert Image.open(BytesIO(body)).mode == ("1" if hard else "L")
    assert not hard or encode_mask(mask > 0) == body


# --- supplied masks --------------------------------------------------------------------------


def test_a_supplied_mask_is_used_as_it_is():
    """Greys stay greys; alpha and 1-bit, palette and 16-bit encodings mean their brightness."""
    grey = photo()[..., 0]
    image = Image.fromarray(grey)
    half_clear = Image.merge("LA", (image, Image.new("L", image.size, 7)))
    assert np.array_equal(read_mask(file_of(image, "PNG")), grey)
    assert np.array_equal(read_mask(file_of(half_clear, "PNG")), grey)
    assert np.array_equal(read_mask(file_of(image.convert("RGBA"), "PNG")), grey)
    assert np.array_equal(read_mask(file_of(image.convert("P"), "PNG")), grey)
    wide = Image.fromarray(grey.astype(np.uint16) * 257)
    assert np.array_equal(read_mask(file_of(wide, "PNG")), grey)
    assert np.array_equal(read_mask(file_of(Image.fromarray(grey > 99), "PNG")) == 255, grey > 99)


def test_a_mask_of_another_size_is_refused_after_its_rotation():
    """Sizes are compared upright, width first in the sentence."""
    image = Image.fromarray(photo()[..., 0])
    with pytest.raises(MaskMismatch, match=r"96 x 80 px .* 80 x 96 px"):
        read_mask(file_of(image, "PNG"), (80, 96))
    assert read_mask(file_of(image, "PNG", exif=turned(6)), (80, 96)).shape == (96, 80)


def test_a_mask_that_cannot_be_read_is_named_by_its_own_address():
    """The error speaks of the mask, not of the source."""
    with pytest.raises(ImageUnreadable, match=r"mask\.png"):
        read_mask(b"nothing")


def test_a_mask_of_another_weight_is_refused_before_it_is_decoded():
    """A mask of 49 megapixels packs into 6 kB; its header alone ends it."""
    heavy = bytearray(file_of(Image.new("1", (1_900, 1_900)), "PNG"))
    place = heavy.index(b"IDAT") + 10
    heavy[place:] = b"never read"
    with pytest.raises(MaskMismatch, match="1900 x 1900 px"):
        read_mask(bytes(heavy))


@pytest.mark.parametrize("container", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize("exif", [None, turned(1)])
def test_a_resolution_stays_in_every_container(container, exif):
    """In its own place where it has one, in EXIF where it has not."""
    body = file_of(Image.fromarray(photo()), "JPEG", dpi=(300, 300), exif=exif or b"")
    image = Image.open(BytesIO(encode(read(body), container, STYLE).body))
    told = image.info.get("dpi", (image.getexif().get(282),) * 2)
    assert round(float(told[0])) == 300
