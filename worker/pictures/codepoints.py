"""Code points: the numbers by which PNG (cICP) and AVIF (nclx) name a picture's colours.

ITU-T H.273; PNG, third edition, 11.3.2.6; ISO/IEC 14496-12, 12.1.5. Pillow reads neither.
"""

import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple

#: How a PNG begins.
PNG = b"\x89PNG\r\n\x1a\n"
#: Where an AVIF's colours stand: boxes within boxes, and how much of each is no box.
BOXES = ((b"meta", 4), (b"iprp", 0), (b"ipco", 0), (b"colr", 0))

#: What H.273 names, as far as pictures have it.
PRIMARIES = {1: "BT.709", 5: "BT.601", 6: "BT.601", 9: "BT.2020", 11: "DCI-P3", 12: "Display P3"}
TRANSFERS = {4: "gamma 2.2", 5: "gamma 2.8", 8: "linear light", 13: "sRGB", 16: "PQ", 18: "HLG"}
#: The number that says nothing.
UNSPECIFIED = 2
#: The numbers that mean sRGB, as near as nobody would tell: BT.709 and its like have a curve for
#: cameras; what is made with it is looked at on the same displays.
SRGB_PRIMARIES, SRGB_TRANSFERS = frozenset({1, 2}), frozenset({1, 2, 6, 13, 14, 15})


class CodePoints(NamedTuple):
    """What a file says of its colours; the numbers are those of H.273."""

    primaries: int
    transfer: int
    #: Whether the samples, decoded, are RGB from black to white; else they were stored as YCbCr
    #: or in a video's narrow range, and nobody turned them back.
    plain: bool

    @property
    def is_srgb(self) -> bool:
        """Whether it means sRGB."""
        known = self.primaries in SRGB_PRIMARIES and self.transfer in SRGB_TRANSFERS
        return known and self.plain

    def __str__(self) -> str:
        primaries = PRIMARIES.get(self.primaries, f"primaries {self.primaries}")
        transfer = TRANSFERS.get(self.transfer, f"transfer {self.transfer}")
        return f"{primaries}, {transfer}" + ("" if self.plain else ", not plain RGB")


def code_points(body: bytes) -> CodePoints | None:
    """What a file says; None where it says nothing, or is of another kind."""
    found = _stored(body)
    silent = found is None or found[:2] == (UNSPECIFIED, UNSPECIFIED)
    return None if silent else found


def _stored(body: bytes) -> CodePoints | None:
    if body.startswith(PNG):
        return _cicp(body)
    return _nclx(memoryview(body)) if body[4:8] == b"ftyp" else None


def _cicp(body: bytes) -> CodePoints | None:
    place, name = len(PNG), b""
    while place + 12 <= len(body) and name != b"IDAT":
        size, name = struct.unpack_from(">I4s", body, place)
        if name == b"cICP" and size == 4:
            primaries, transfer, matrix, full_range = body[place + 8 : place + 12]
            return CodePoints(primaries, transfer, plain=(matrix, full_range) == (0, 1))
        place += 12 + size
    return None


def _nclx(body: memoryview) -> CodePoints | None:
    for content in _found(body, BOXES):
        kind, numbers = bytes(content[:4]), bytes(content[4:8])
        if kind == b"nclx" and len(numbers) == 4:
            primaries, transfer = struct.unpack(">2H", numbers)
            return CodePoints(primaries, transfer, plain=True)  # the decoder makes RGB of it
    return None


def _found(content: memoryview, path: Sequence[tuple[bytes, int]]) -> Iterator[memoryview]:
    """The contents of all boxes at the end of a path."""
    if not path:
        yield content
        return
    (wanted, start), *rest = path
    for name, inner in _boxes(content):
        if name == wanted:
            yield from _found(inner[start:], rest)


def _boxes(content: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    place = 0
    while place + 8 <= len(content):
        size, name = struct.unpack_from(">I4s", content, place)
        if size < 8:  # to the end, or of over 4 GB: only pixels are so long
            return
        yield name, content[place + 8 : place + size]
        place += size
