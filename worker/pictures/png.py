"""PNG: a picture's file, whose bytes depend on the picture and on nothing else."""

import struct
import zlib
from collections.abc import Sequence

from PIL import Image, PngImagePlugin

#: How a PNG begins, and the name of the chunks that its pixels are in.
SIGNATURE, PIXELS = b"\x89PNG\r\n\x1a\n", b"IDAT"


def png_file(image: Image.Image, **options: object) -> bytes:
    """Write a picture with Pillow's options for PNG.

    All pixels lie in one chunk. Pillow would cut them at the size of its buffer, which is one for
    the whole process and grows with what other threads write: equal pictures had unequal files.
    """
    chunks = [(name, body) for name, body, _ in PngImagePlugin.getchunks(image, **options)]
    pixels = [body for name, body in chunks if name == PIXELS]
    *before, end = [(name, [body]) for name, body in chunks if name != PIXELS]
    written = (_chunk(name, pieces) for name, pieces in (*before, (PIXELS, pixels), end))
    return b"".join([SIGNATURE, *(part for parts in written for part in parts)])


def _chunk(name: bytes, pieces: Sequence[bytes]) -> list[bytes]:
    """A chunk in parts, none of which is copied."""
    check = zlib.crc32(name)
    for piece in pieces:
        check = zlib.crc32(piece, check)
    return [struct.pack(">I", sum(map(len, pieces))), name, *pieces, struct.pack(">I", check)]
