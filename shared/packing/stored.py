"""StoredGzip: the container of gzip around bytes as they are; equal bytes make equal bytes.

zlib and Python's gzip place the borders of stored blocks as their version likes.
"""

import struct
import zlib
from typing import IO

#: RFC 1952: magic, deflate, no flags, time 0, no hint, of an unknown system.
HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
#: RFC 1951, 3.2.4: most bytes of a stored block.
BLOCK_BYTES = 65_535


class StoredGzip:
    """Writes a stream; `close` ends it and leaves the target open."""

    def __init__(self, target: IO[bytes]) -> None:
        """Write the header."""
        self._target = target
        self._pending = bytearray()
        self._crc = self._size = 0
        target.write(HEADER)

    def write(self, content: bytes) -> int:
        """Take bytes; whole blocks are written at once."""
        self._crc = zlib.crc32(content, self._crc)
        self._size += len(content)
        self._pending += content
        # One block is kept, for the last one says that it is the last.
        while len(self._pending) > BLOCK_BYTES:
            self._block(last=False)
        return len(content)

    def close(self) -> None:
        """Write what is left, with its check sum and size."""
        self._block(last=True)
        self._target.write(struct.pack("<II", self._crc, self._size & 0xFFFFFFFF))

    def _block(self, *, last: bool) -> None:
        block = bytes(self._pending[:BLOCK_BYTES])
        del self._pending[:BLOCK_BYTES]
        size = len(block)
        self._target.write(struct.pack("<BHH", last, size, size ^ 0xFFFF) + block)
