"""WebP's header: Pillow wants the whole file to tell a picture's size, the first 30 bytes do.

RFC 9649, sections 2.5 to 2.7.
"""

from typing import NamedTuple

from shared.pictures.limits import Size

#: Where the first chunk's name and content lie.
CHUNK, CONTENT = slice(12, 16), 20
#: Flags of the extended header; the lossless one has its own for alpha, in its 29th bit.
ANIMATION, ALPHA, LOSSLESS_ALPHA = 0x02, 0x10, 1 << 28
HEADER_BYTES = 30


class WebpHeader(NamedTuple):
    """What the first bytes tell."""

    size: Size
    #: Whether it may be an animation: of one frame, as a rule, if it is one at all.
    animated: bool
    #: Whether it may have transparency.
    alpha: bool


def webp_header(head: bytes) -> WebpHeader | None:
    """What the first bytes of a WebP file say; None where it is none, or a broken one."""
    if len(head) < HEADER_BYTES or head[:4] != b"RIFF" or head[8:12] != b"WEBP":
        return None
    body = head[CONTENT:]
    if head[CHUNK] == b"VP8X":
        size = _little(body[4:7]) + 1, _little(body[7:10]) + 1
        return WebpHeader(size, bool(body[0] & ANIMATION), bool(body[0] & ALPHA))
    if head[CHUNK] == b"VP8L":
        bits = _little(body[1:5])
        size = (bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1
        return WebpHeader(size, animated=False, alpha=bool(bits & LOSSLESS_ALPHA))
    if head[CHUNK] == b"VP8 ":
        size = _little(body[6:8]) & 0x3FFF, _little(body[8:10]) & 0x3FFF
        return WebpHeader(size, animated=False, alpha=False)
    return None


def _little(content: bytes) -> int:
    return int.from_bytes(content, "little")
