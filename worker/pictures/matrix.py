"""Matrix profiles: ICC profiles of three primaries and one curve, byte by byte (ICC.1:2001)."""

import struct
from collections.abc import Sequence
from functools import cache
from typing import TypeAlias

#: X, Y and Z of a light, where white is 0.9642, 1, 0.8249 (D50).
Xyz: TypeAlias = tuple[float, float, float]

WHITE: Xyz = (0.9642, 1.0, 0.8249)
#: Adobe RGB (1998): red, green and blue under D50, and its gamma.
ADOBE: tuple[Xyz, ...] = (
    (0.60974, 0.31111, 0.01947),
    (0.20528, 0.62567, 0.06087),
    (0.14919, 0.06322, 0.74457),
)
ADOBE_GAMMA = 2.19921875
#: Display P3: likewise; its curve is sRGB's.
DISPLAY_P3: tuple[Xyz, ...] = (
    (0.51512, 0.24120, -0.00105),
    (0.29198, 0.69225, 0.04189),
    (0.15710, 0.06657, 0.78407),
)
#: Samples of a curve that is no plain power.
CURVE_SAMPLES = 1024

#: No statement of rights may stand in the way of a picture.
RIGHTS = b"No copyright, use freely\0"


@cache
def adobe_rgb() -> bytes:
    """A profile of the colours of Adobe RGB (1998)."""
    return matrix_profile("Compatible with Adobe RGB (1998)", ADOBE, gamma_curve(ADOBE_GAMMA))


@cache
def display_p3() -> bytes:
    """A profile of the colours of Display P3."""
    steps = (step / (CURVE_SAMPLES - 1) for step in range(CURVE_SAMPLES))
    curve = sampled_curve([_srgb_light(level) for level in steps])
    return matrix_profile("Compatible with Display P3", DISPLAY_P3, curve)


def matrix_profile(name: str, primaries: Sequence[Xyz], curve: bytes) -> bytes:
    """A display's profile.

    Args:
        name: In ASCII.
        primaries: Of red, green and blue.
        curve: From samples to light, for all three, as made below.
    """
    words = name.encode("ascii") + b"\0"
    contents = {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", len(words)) + words + bytes(78),
        b"cprt": b"text" + bytes(4) + RIGHTS,
        b"wtpt": _xyz(WHITE),
    }
    contents |= dict(zip((b"rXYZ", b"gXYZ", b"bXYZ"), map(_xyz, primaries), strict=True))
    contents |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    return _file(contents)


def gamma_curve(gamma: float) -> bytes:
    """A plain power, in steps of 1/256."""
    return b"curv" + bytes(4) + struct.pack(">IHxx", 1, round(gamma * 256))


def sampled_curve(levels: Sequence[float]) -> bytes:
    """A curve by its values at even steps from 0 to 1; each is 0 to 1."""
    samples = [round(level * 65_535) for level in levels]
    return b"curv" + bytes(4) + struct.pack(f">I{len(samples)}H", len(samples), *samples)


def _srgb_light(level: float) -> float:
    """The light of a sample of sRGB (IEC 61966-2-1)."""
    return level / 12.92 if level <= 0.04045 else ((level + 0.055) / 1.055) ** 2.4


def _xyz(values: Xyz) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(value * 65_536) for value in values))


def _file(contents: dict[bytes, bytes]) -> bytes:
    """A header, the list of contents, and each content once, however often it is listed."""
    parts, tags, places = b"", b"", dict[bytes, int]()
    for name, part in contents.items():
        if part not in places:
            places[part] = 128 + 4 + len(contents) * 12 + len(parts)
            parts += part + bytes(-len(part) % 4)
        tags += name + struct.pack(">2I", places[part], len(part))
    size = 128 + 4 + len(tags) + len(parts)
    head = struct.pack(">I4xI", size, 0x02100000) + b"mntrRGB XYZ "
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + _xyz(WHITE)[8:]
    return head.ljust(128, b"\0") + struct.pack(">I", len(contents)) + tags + parts
