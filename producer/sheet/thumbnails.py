"""Thumbnails: any picture of the catalogue, made small, upright, sRGB and opaque."""

import io
import threading

from PIL import Image, ImageChops, ImageCms, ImageFilter, ImageOps

from producer.pictures import opened

#: Quality of the small JPEGs; they are looked at, never rendered from.
QUALITY = 84
#: Side of a field of the pattern that stands under transparent pixels.
CHECKER_PIXELS = 12
CHECKER_LIGHT, CHECKER_DARK = (255, 255, 255), (238, 238, 236)
#: What is to be repainted, over the picture in grey.
MASK_COLOUR = (226, 62, 87)
#: Opacity of that colour over the garment, and of the white veil over all the rest.
MASK_OPACITY, VEIL_OPACITY = 0.62, 0.45

#: A full-size picture takes up to 400 MB while it is made small; so few are in memory at a time.
_DECODING = threading.Semaphore(2)


def thumbnail(raw: bytes, side: int, *, address: str, max_pixels: int) -> Image.Image:
    """A picture's bytes as a small RGB picture.

    Args:
        raw: The file.
        side: Longest side of the thumbnail, in pixels; a smaller picture keeps its size.
        address: Names the picture in errors.
        max_pixels: Larger pictures are refused before they are decoded.

    Returns:
        Mode RGB, 8 bits, sRGB, turned as its EXIF says; transparent pixels show a soft checker.

    Raises:
        ImageTooLarge: Over the limit.
        ImageUnreadable: No picture, or a damaged one.
    """
    with _DECODING, opened(raw, address, max_pixels) as picture:
        return _small(picture, side)


def mask_thumbnail(
    raw: bytes, size: tuple[int, int], *, address: str, max_pixels: int
) -> Image.Image:
    """A mask's bytes as mode L (255 = repaint) of a thumbnail's size; raises as `thumbnail`."""
    with _DECODING, opened(raw, address, max_pixels) as mask:
        return mask.convert("L").resize(size, Image.Resampling.BOX)


def tinted(picture: Image.Image, mask: Image.Image) -> Image.Image:
    """The picture, faded to grey, with the mask in colour and a crisp outline over it.

    Args:
        picture: Mode RGB.
        mask: Mode L, 255 = repaint, of the same size.
    """
    grey = picture.convert("L").convert("RGB")
    veiled = Image.blend(grey, Image.new("RGB", grey.size, "white"), VEIL_OPACITY)
    colour = Image.new("RGB", grey.size, MASK_COLOUR)
    marked = Image.composite(Image.blend(grey, colour, MASK_OPACITY), veiled, mask)
    edge = ImageChops.difference(mask, mask.filter(ImageFilter.MinFilter(3)))
    return Image.composite(colour, marked, edge)


def as_jpeg(picture: Image.Image) -> bytes:
    """A thumbnail (mode RGB) as the bytes of a JPEG."""
    sink = io.BytesIO()
    picture.save(sink, "JPEG", quality=QUALITY, optimize=True)
    return sink.getvalue()


def _small(picture: Image.Image, side: int) -> Image.Image:
    profile = picture.info.get("icc_profile")
    picture.draft(None, (side, side))  # a JPEG is decoded at a fraction of its size, if it can be
    picture.load()
    upright = ImageOps.exif_transpose(picture)
    small = _eight_bits(upright)
    small.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return _opaque(_srgb(small, profile))


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Mode RGB, RGBA, CMYK or L, for the colour profile still to be applied."""
    if picture.mode.startswith("I") or picture.mode == "F":
        return picture.convert("I").point(lambda value: value / 257).convert("L")
    if picture.has_transparency_data:
        return picture.convert("RGBA")
    return picture if picture.mode in {"RGB", "CMYK", "L"} else picture.convert("RGB")


def _srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    if not profile:
        return picture if picture.mode == "RGBA" else picture.convert("RGB")
    alpha = picture.getchannel("A") if picture.mode == "RGBA" else None
    plain = picture.convert("RGB") if alpha else picture
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        target = ImageCms.createProfile("sRGB")
        plain = ImageCms.profileToProfile(plain, source, target, outputMode="RGB") or plain
    except (ImageCms.PyCMSError, OSError, ValueError):
        plain = plain.convert("RGB")  # a broken profile is as good as none
    if alpha:
        plain.putalpha(alpha)
    return plain


def _opaque(picture: Image.Image) -> Image.Image:
    if picture.mode != "RGBA":
        return picture
    ground = checker(picture.size)
    ground.paste(picture, mask=picture.getchannel("A"))
    return ground


def checker(size: tuple[int, int]) -> Image.Image:
    """The soft pattern under transparent pixels (mode RGB)."""
    fields = Image.new("RGB", (2, 2), CHECKER_LIGHT)
    fields.putpixel((0, 0), CHECKER_DARK)
    fields.putpixel((1, 1), CHECKER_DARK)
    tile = fields.resize((2 * CHECKER_PIXELS,) * 2, Image.Resampling.NEAREST)
    ground = Image.new("RGB", size)
    for left in range(0, size[0], tile.width):
        for top in range(0, size[1], tile.height):
            ground.paste(tile, (left, top))
    return ground
