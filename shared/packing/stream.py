"""Stream: the bytes of an archive, unpacked as they are read, within bounds.

tarfile reads a long name or a pax header whole before it tells of a member: a header of gigabytes
packs into a few hundred kilobytes.
"""

import bz2
import gzip
import lzma
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from shared.packing.rules import CHUNK_BYTES, MAX_MEMBERS

#: The first bytes of what is compressed, and what unpacks it.
GZIP_MAGIC = b"\x1f\x8b"
_UNPACKERS: dict[bytes, Callable[[Path], Any]] = {
    GZIP_MAGIC: gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
}
#: Most bytes of one read; no header of a model's member is near it.
MAX_READ_BYTES = 4 * CHUNK_BYTES
#: Room for headers, long names and padding beside the members' own bytes.
OVERHEAD_BYTES = MAX_MEMBERS * 2_048


class Bounded:
    """A file whose reads are bounded, each and together."""

    def __init__(
        self, file: IO[bytes], max_bytes: int, refusal: Callable[[str], Exception]
    ) -> None:
        """Read nothing yet.

        Args:
            file: It can seek.
            max_bytes: Most bytes of the members; their headers may come on top.
            refusal: Makes the error of a reason.
        """
        self._file, self._refusal = file, refusal
        self._max_bytes = max_bytes + OVERHEAD_BYTES

    def read(self, size: int) -> bytes:
        """So many bytes at most.

        Raises:
            ModelInvalid: Too many at once, or by now.
        """
        if not 0 <= size <= MAX_READ_BYTES:
            raise self._refusal(f"the archive has a header of more than {MAX_READ_BYTES} bytes")
        content = self._file.read(size)
        if self._file.tell() > self._max_bytes:
            raise self._refusal(f"the archive unpacks to more than {self._max_bytes} bytes")
        return content

    def seek(self, position: int) -> int:
        """Go to a position; what lies before it was counted as a member's."""
        return self._file.seek(position)

    def tell(self) -> int:
        """Where it is."""
        return self._file.tell()


@contextmanager
def opened(archive: Path, max_bytes: int, refusal: Callable[[str], Exception]) -> Iterator[Any]:
    """An archive's own bytes: plain, or compressed with gzip, bzip2 or xz; see `Bounded`."""
    with archive.open("rb") as file:
        start = file.read(8)
    unpackers = (one for magic, one in _UNPACKERS.items() if start.startswith(magic))
    with next(unpackers, _plain)(archive) as file:
        yield Bounded(file, max_bytes, refusal)


def is_gzip(archive: Path) -> bool:
    """Whether a file begins as one of gzip's."""
    with archive.open("rb") as file:
        return file.read(2) == GZIP_MAGIC


def _plain(path: Path) -> IO[bytes]:
    return path.open("rb")
