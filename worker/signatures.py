"""Signatures: how files begin, to say what a file is that is no picture."""

import re

#: How the supported containers begin: a file that begins so and cannot be read is damaged.
SUPPORTED = re.compile(rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|RIFF....WEBP|II[*+]\0|MM\0[*+]", re.DOTALL)

#: How files begin that people take for images, and what they are.
STRANGERS = (
    (re.compile(rb"GIF8"), "a GIF"),
    (re.compile(rb"BM"), "a BMP"),
    (re.compile(rb"....ftyp(heic|heix|hevc|mif1|msf1)", re.DOTALL), "an HEIC picture"),
    (re.compile(rb"....ftypavi[fs]", re.DOTALL), "an AVIF picture"),
    (re.compile(rb"8BPS"), "a Photoshop document"),
    (re.compile(rb"%PDF"), "a PDF"),
    (re.compile(rb"%!PS|\xc5\xd0\xd3\xc6"), "PostScript"),
    (re.compile(rb"PK\x03\x04"), "a ZIP archive"),
    (re.compile(rb"\s*<(\?xml|svg|!doctype|!--|html|head|body)", re.IGNORECASE), "a web page"),
    (re.compile(rb"\s*[{\[]"), "JSON"),
)


def is_supported(body: bytes) -> bool:
    """Whether the file begins like a JPEG, PNG, WebP or TIFF."""
    return SUPPORTED.match(body) is not None


def describe(body: bytes) -> str:
    """What a file that is no supported picture is, as a clause: `it looks like a PDF`."""
    if not body:
        return "it is empty"
    names = (name for pattern, name in STRANGERS if pattern.match(body))
    return f"it looks like {next(names, 'no picture at all')}"
