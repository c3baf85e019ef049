"""Mutations: what turns a valid input into a mangled one."""

import re
import struct
import zlib
from collections.abc import Callable, Sequence
from random import Random

#: Pieces that parsers of text and of containers stumble over.
TOKENS = (
    *(b"\0", b"\r", b"\n", b"\r\n", b'"', b'"" ', b",", b";", b"\t", b"|", b"\\", b"\xef\xbb\xbf"),
    *(b"\xff\xfe", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", b"\xe2\x80\xa8", b"\xe4"),
    *(b"{", b"}", b"[", b"]", b": ", b"- ", b"? ", b"&a ", b"*a", b"<<: ", b"!!python/tuple "),
    *(b"---\n", b"!!binary ", b"!!set ", b"!!timestamp ", b"%YAML 9.9\n", b"2026-99-99", b"1:2:3"),
    *(b"0x", b"0o9", b"NaN", b".inf", b"-.inf", b"1e999", b"9" * 400, b"-0", b"true", b"null"),
    *(b"~", b"yes", b"=", b"\x85", b'"\\ud800"', b'"\\u0000"', b"s3://", b"/../", b"//"),
    *(b"\xff\xd8", b"\xff\xd9", b"\xff\xe1", b"Exif\0\0", b"II*\0", b"MM\0*", b"IHDR", b"IDAT"),
    *(b"IEND", b"iCCP", b"eXIf", b"acTL", b"VP8X", b"0x" + b"f" * 5_000, b"0b" + b"1" * 20_000),
    *(b"1:" * 5_000 + b"1", b"1:" * 9_000 + b"1.5", b"[" * 5_000, b"{a: " * 5_000, b"x" * 200_000),
)
#: Numbers at the edges of what a field of two or four bytes holds.
EDGES = tuple(2**bits + step for bits in (0, 3, 7, 8, 15, 16, 31, 32) for step in (-1, 0, 1))
#: An input never grows beyond this, in bytes.
MAX_BYTES = 400_000

_VALUE = re.compile(rb"(?<=: )[^,\n]+|(?<=[,;\t])[^,;\t\n]+")
_PNG = b"\x89PNG\r\n\x1a\n"

Mutation = Callable[[bytes, Random, Sequence[bytes]], bytes]


def mutated(seeds: Sequence[bytes], random: Random) -> bytes:
    """One of the seeds after one to four mutations; half of the PNGs get their checksums back."""
    content = random.choice(seeds)
    for _ in range(random.choice((1, 1, 2, 4))):
        content = random.choice(MUTATIONS)(content, random, seeds)[:MAX_BYTES]
    return mended(content) if random.random() < 0.5 else content


def flip(content: bytes, random: Random, _seeds: Sequence[bytes]) -> bytes:
    """A few bytes become others."""
    changed = bytearray(content)
    for _ in range(random.choice((1, 1, 3, 12))):
        if changed:
            changed[random.randrange(len(changed))] = random.choice((0, 255, random.randrange(256)))
    return bytes(changed)


def cut(content: bytes, random: Random, _seeds: Sequence[bytes]) -> bytes:
    """A piece, or the whole end, is missing."""
    start, end = _span(content, random)
    return content[:start] if random.random() < 0.3 else content[:start] + content[end:]


def insert(content: bytes, random: Random, _seeds: Sequence[bytes]) -> bytes:
    """Noise, or something with a meaning, where it does not belong."""
    place = random.randrange(len(content) + 1)
    noise = random.randbytes(random.choice((1, 4, 60)))
    piece = random.choice(TOKENS) if random.random() < 0.7 else noise
    return content[:place] + piece + content[place:]


def repeat(content: bytes, random: Random, _seeds: Sequence[bytes]) -> bytes:
    """A piece or a token, again and again."""
    start, end = _span(content, random)
    piece = random.choice(TOKENS) if random.random() < 0.3 else content[start:end]
    return content[:end] + piece * random.choice((1, 2, 40, 2_000)) + content[end:]


def splice(content: bytes, random: Random, seeds: Sequence[bytes]) -> bytes:
    """The head of one seed, the tail of another."""
    other = random.choice(seeds)
    return content[: random.randrange(len(content) + 1)] + other[random.randrange(len(other)) :]


def number(content: bytes, random: Random, _seeds: Sequence[bytes]) -> bytes:
    """A length, an offset or a count that lies: an edge in two or four bytes, either way round."""
    form = random.choice((">H", "<H", ">I", "<I"))
    width = struct.calcsize(form)
    piece = struct.pack(form, random.choice(EDGES) & (256**width - 1))
    place = random.randrange(max(len(content) - width, 1))
    if random.random() < 0.7:  # most numbers stand near the beginning
        place = random.randrange(min(place + 1, 400))
    return content[:place] + piece + content[place + width :]


def shuffle(content: bytes, random: Random, _seeds: Sequence[bytes]) -> bytes:
    """Chunks, segments or lines change places."""
    parts = _parts(content)
    if len(parts) < 3:
        return flip(content, random, _seeds)
    first, second = random.randrange(1, len(parts)), random.randrange(1, len(parts))
    parts[first], parts[second] = parts[second], parts[first]
    if random.random() < 0.3:
        parts.insert(first, parts[second])
    return b"".join(parts)


def value(content: bytes, random: Random, _seeds: Sequence[bytes]) -> bytes:
    """A field's value becomes something that a parser may stumble over."""
    values = list(_VALUE.finditer(content))
    if not values:
        return flip(content, random, _seeds)
    start, end = random.choice(values).span()
    return content[:start] + random.choice(TOKENS) + content[end:]


MUTATIONS: tuple[Mutation, ...] = (flip, cut, insert, repeat, splice, number, shuffle, value)


def mended(content: bytes) -> bytes:
    """A PNG whose chunks have right checksums, so that what is behind them is read at all."""
    if not content.startswith(_PNG):
        return content
    head, *chunks = _parts(content)
    return head + b"".join(_summed(chunk) for chunk in chunks)


def _summed(chunk: bytes) -> bytes:
    body = chunk[4:-4]
    return chunk[:4] + body + struct.pack(">I", zlib.crc32(body)) if len(chunk) >= 12 else chunk


def _parts(content: bytes) -> list[bytes]:
    """A container's head and its chunks; the segments of a JPEG; the lines of anything else."""
    if content.startswith(_PNG):
        return [_PNG, *_chunks(content[8:], ">I", before=0, after=8)]
    if content.startswith(b"RIFF"):
        return [content[:12], *_chunks(content[12:], "<I", before=4, after=0)]
    if content.startswith(b"\xff\xd8"):
        return re.split(rb"(?=\xff[\xc0-\xfe])", content)
    return content.splitlines(keepends=True)


def _chunks(rest: bytes, form: str, *, before: int, after: int) -> list[bytes]:
    chunks = []
    while len(rest) >= before + 4:
        (size,) = struct.unpack_from(form, rest, before)
        end = before + 4 + size + after
        chunks.append(rest[:end])
        rest = rest[end:]
    return [*chunks, rest]


def _span(content: bytes, random: Random) -> tuple[int, int]:
    start = random.randrange(len(content) + 1)
    return start, min(len(content), start + random.choice((1, 4, 30, 400)))
