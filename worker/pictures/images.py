"""Images: bytes to pixels; the only place of a worker where strangers' bytes are decoded."""

from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image

from shared.errors import MaskMismatch
from shared.pictures.header import CONTAINERS, Container, open_picture, reading
from shared.pictures.jpeg import check_jpeg
from shared.pictures.limits import Limits, check_shape, sides
from shared.pictures.signatures import HEAD_BYTES
from worker.arrays import Grey, Rgb, Size
from worker.pictures.colour import to_eight_bits, to_rgb
from worker.pictures.credits import read_credits
from worker.pictures.exif import read_dpi, read_exif, upright
from worker.pictures.hints import read_hint
from worker.pictures.info import load
from worker.pictures.profiles import ColourSpace, colour_space

WIDE_SAMPLES = "its samples have 16 bits; the result has 8"
MORE_VIEWS = "only its first picture was used, not the depth map or second view behind it"


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A decoded still picture, upright."""

    rgb: Rgb
    #: None where the source has no transparency at all.
    alpha: Grey | None
    #: What the source came in.
    container: Container
    #: The colour profile that `rgb` is in; None means sRGB.
    icc: bytes | None = None
    #: EXIF without orientation, thumbnail and maker's notes, with its `Exif` header.
    exif: bytes | None = None
    #: XMP, with what older ways to caption a picture add; well-formed.
    xmp: bytes | None = None
    #: Dots per inch.
    dpi: int | None = None
    #: Oddities of the source that were put right, as clauses.
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> Size:
        """Width and height in pixels."""
        height, width = self.rgb.shape[:2]
        return width, height

    @property
    def space(self) -> ColourSpace:
        """The colour space that `rgb` is in: models see and paint sRGB."""
        return colour_space(self.icc)

    def flattened(self, background: str) -> Rgb:
        """The picture as seen on a background (`#rrggbb`); `rgb` itself where nothing is clear."""
        return self.rgb if self.alpha is None else flatten(self.rgb, self.alpha, background)


def decode(body: bytes, *, source: str, limits: Limits) -> Picture:
    """Decode a source picture; `source` names it in errors.

    Raises:
        ImageEmpty, ImageMarkup, ImageUnsupported, ImageUnreadable: No picture that is read here.
        ImageTruncated: One of these, but cut short or damaged.
        ImageTooLarge, ImageBomb: Over a limit; found before decoding.
        ImageMetadataBomb: Text or a profile inside unpacks to many megabytes.
        ImagePlaceholder, ImageTooSmall, ImageTooNarrow: It cannot show a garment.
        ImageAnimated: More than one frame or page.
    """
    with reading(body[:HEAD_BYTES], source=source, limits=limits):
        image = _opened(body, source, limits)
        check_shape(image.size, source=source)
        notes = _losses(image)
        notes += load(image)
        exif = read_exif(image)
        colours = to_rgb(upright(image, exif), read_hint(image, body), source=source)
        container = CONTAINERS[image.format]
        told, (dpi, dpi_notes) = read_credits(image, body), read_dpi(image)
    notes += exif.notes + colours.notes + _space_notes(colours.icc) + told.notes + dpi_notes
    return Picture(
        colours.rgb, colours.alpha, container, colours.icc, exif.kept, told.xmp, dpi, notes
    )


def decode_mask(body: bytes, *, address: str, source: str, size: Size, limits: Limits) -> Grey:
    """Decode a supplied mask, to be used as it is: uint8, H x W, 255 = repaint.

    Colours count by their brightness; transparency and colour profiles do not count.

    Raises:
        MaskMismatch: Upright, it is not of the source's size.
        ImageError: As `decode`, but for the shapes: a mask has its source's.
    """
    where = {"mask": address, "source": source, "source_size": sides(size)}
    with reading(body[:HEAD_BYTES], source=address, limits=limits):
        image = _opened(body, address, limits)
        # Before it is decoded, whichever way up it is: it may be of any weight.
        if sorted(image.size) != sorted(size):
            raise MaskMismatch(mask_size=sides(image.size), **where)
        load(image)
        mask = _brightness(upright(image, read_exif(image)), address)
    if mask.shape != size[::-1]:
        raise MaskMismatch(mask_size=sides((mask.shape[1], mask.shape[0])), **where)
    return mask


def decode_map(body: bytes, *, address: str, limits: Limits) -> Grey:
    """Decode a kept map of probabilities: uint8, H x W, 255 = certain.

    Raises:
        ImageError: As `decode`, but for the shapes.
    """
    with reading(body[:HEAD_BYTES], source=address, limits=limits):
        image = _opened(body, address, limits)
        load(image)
        return _brightness(image, address)


def _opened(body: bytes, source: str, limits: Limits) -> Image.Image:
    """The picture's header, checked; nothing is decoded yet."""
    limits.check_bytes(len(body), source=source)
    check_jpeg(body, source=source)
    return open_picture(BytesIO(body), byte_count=len(body), source=source, limits=limits)


def _losses(image: Image.Image) -> tuple[str, ...]:
    """What an opened picture has that no result will have, as clauses."""
    wide = any(";16" in str(tile) for tile in getattr(image, "tile", ()))
    notes = (WIDE_SAMPLES if wide else "", MORE_VIEWS if image.format == "MPO" else "")
    return tuple(note for note in notes if note)


def _space_notes(icc: bytes | None) -> tuple[str, ...]:
    note = colour_space(icc).note
    return (note,) if note else ()


def _brightness(image: Image.Image, address: str) -> Grey:
    if image.mode == "LAB":
        return np.asarray(image.getchannel("L"), dtype=np.uint8)
    narrow = to_eight_bits(image, source=address)
    flat = narrow if narrow.mode in {"1", "L", "LA"} else narrow.convert("RGB")
    return np.asarray(flat.convert("L"), dtype=np.uint8)


def flatten(rgb: Rgb, alpha: Grey, background: str) -> Rgb:
    """The picture laid on a background colour (`#rrggbb`), as where there is no alpha."""
    height, width = alpha.shape
    ground = Image.new("RGB", (width, height), background)
    ground.paste(Image.fromarray(rgb), mask=Image.fromarray(alpha))
    return np.asarray(ground, dtype=np.uint8)
