"""Info: what Pillow found beside a picture's pixels; what is not of its kind is left out.

A TIFF tag may be of any type, and Pillow puts a PNG's texts among its own findings, so that one
with the keyword `xmp` or `transparency` passes for what it is not.
"""

from PIL import Image

from worker.pictures.attempt import BROKEN

#: Pillow's name of a finding → what it is to people, and the type that it should have.
KINDS: dict[str, tuple[str, type | tuple[type, ...]]] = {
    "xmp": ("XMP", bytes),
    "exif": ("EXIF", bytes),
    "icc_profile": ("colour profile", bytes),
    "photoshop": ("IPTC-IIM block", dict),
    "dpi": ("resolution", tuple),
    "transparency": ("clear colour", (int, bytes, tuple)),
    "interlace": ("interlacing", int),
    "gamma": ("gamma", float),
    "chromaticity": ("chromaticity", tuple),
    "srgb": ("word of sRGB", int),
}


def load(image: Image.Image) -> tuple[str, ...]:
    """Decode an opened picture's pixels; what was found beside them and left out, as clauses.

    Raises:
        Exception: Nearly anything that Pillow raises over hostile bytes.
    """
    # Pillow uses its findings while it decodes, and finds more behind the pixels.
    before = _leave_out(image)
    image.load()
    return tuple(dict.fromkeys((*before, *_leave_out(image))))


def _leave_out(image: Image.Image) -> tuple[str, ...]:
    odd = [
        name
        for name, (_, kind) in KINDS.items()
        if name in image.info and not isinstance(image.info[name], kind)
    ]
    for name in odd:
        del image.info[name]
    return tuple(BROKEN.format(what=KINDS[name][0]) for name in odd)
