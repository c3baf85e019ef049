"""WebP's header: Pillow wants the whole file to tell a picture's size, the first 30 bytes do.

RFC 9649, sections 2.5 to 2.7.
"""

from typing import NamedTuple

from shared.pictures.limits import Size

#: Where the first chunk's name and content lie.
CHUNK, CONTENT = slice(12, 16), 20
#: The flag of an animation in the extended header.
ANIMATION = 0x02
HEADER_BYTES = 30


class WebpHeader(NamedTuple):
    """What the first bytes tell."""

    size: Size
    animated: bool


def webp_header(head: bytes) -> WebpHeader | None:
    """What the first bytes of a WebP file say; None where it is none, or a broken one."""
    if len(head) < HEADER_BYTES or head[:4] != b"RIFF" or head[8:12] != b"WEBP":
        return None
    body = head[CONTENT:]
    if head[CHUNK] == b"VP8X":
        size = _little(body[4:7]) + 1, _little(body[7:10]) + 1
        return WebpHeader(size, bool(body[0] & ANIMATION))
    if head[CHUNK] == b"VP8L":
        bits = _little(body[1:5])
        return WebpHeader(((bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1), animated=False)
    if head[CHUNK] == b"VP8 ":
        size = _little(body[6:8]) & 0x3FFF, _little(body[8:10]) & 0x3FFF
        return WebpHeader(size, animated=False)
    return None


def _little(content: bytes) -> int:
    return int.from_bytes(content, "little")
