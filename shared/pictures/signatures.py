"""Signatures: how files begin, to say what a file is that is no usable picture."""

import re

from shared.errors import ImageEmpty, ImageError, ImageMarkup, ImageUnreadable, ImageUnsupported

#: The longest beginning that is looked at, in bytes.
HEAD_BYTES = 512

#: How the supported containers begin: a file that begins so and cannot be read is damaged.
SUPPORTED = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|RIFF....WEBP|II[*+]\0|MM\0[*+]|GIF8[79]a"
    rb"|....ftyp(avi[fs]|m[is]f1.{4,40}avi[fs])",
    re.DOTALL,
)

#: What a text that an upload put in a picture's place holds in its first bytes, and what it is.
MARKUP = (
    (re.compile(rb"<svg[\s>]", re.IGNORECASE), "an SVG drawing"),
    (re.compile(rb"<(!doctype html|html|head|body)[\s>]", re.IGNORECASE), "a web page"),
    (re.compile(rb"<"), "an XML document"),
)
#: Text begins so, whatever else a picture's bytes may hold.
TEXT = re.compile(rb"(\xef\xbb\xbf)?\s*<[!?/a-z]", re.IGNORECASE)

#: How files begin that people take for pictures, and what they are.
STRANGERS = (
    (re.compile(rb"BM"), "a BMP"),
    (re.compile(rb"....ftyp(heic|heix|hevc|mif1|msf1)", re.DOTALL), "an HEIC picture"),
    (re.compile(rb"\xff\x0a|\0\0\0\x0cJXL "), "a JPEG XL picture"),
    (re.compile(rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51"), "a JPEG 2000 picture"),
    (re.compile(rb"8BPS"), "a Photoshop document"),
    (re.compile(rb"%PDF"), "a PDF"),
    (re.compile(rb"%!PS|\xc5\xd0\xd3\xc6"), "PostScript"),
    (re.compile(rb"PK\x03\x04"), "a ZIP archive"),
    (re.compile(rb"\x1f\x8b"), "a gzip archive"),
    (re.compile(rb"....ftyp", re.DOTALL), "a video"),
)

#: How answers of programs begin that somebody saved in place of a picture.
JSON_TEXT = re.compile(rb"(\xef\xbb\xbf)?\s*[{\[]")


def is_supported(head: bytes) -> bool:
    """Whether a file begins like one of the supported containers."""
    return SUPPORTED.match(head) is not None


def refusal(head: bytes, source: str) -> ImageError:
    """What to say of a file that does not begin like a supported picture.

    Args:
        head: Its first bytes; none where it is empty.
        source: Names it.
    """
    if not head:
        return ImageEmpty(source=source)
    if TEXT.match(head):
        what = next(name for pattern, name in MARKUP if pattern.search(head))
        return ImageMarkup(source=source, what=what)
    if stranger := next((name for pattern, name in STRANGERS if pattern.match(head)), ""):
        return ImageUnsupported(source=source, reason=f"it is {stranger}")
    reason = "it looks like JSON" if JSON_TEXT.match(head) else "its bytes are no picture's"
    return ImageUnreadable(source=source, reason=reason)
