"""ObjectFile: an object as a file that fetches what is read, and nothing else."""

import io
from collections.abc import Callable
from typing import Any, NamedTuple

from shared.s3.info import ObjectInfo

#: Bytes that are fetched at a time: most pictures' headers, profiles included, in one request.
BLOCK_BYTES = 32 * 1024


class Part(NamedTuple):
    """Some bytes of an object, and what S3 says of the whole of it."""

    content: bytes
    info: ObjectInfo


#: Fetches up to a number of bytes from a place on, of the version with an ETag (None: any).
Fetch = Callable[[int, int, str | None], Part]


class ObjectFile(io.BufferedReader):
    """An object, open for reading at any place; every part is of one and the same version.

    Reading raises the `StorageError` that names what happened.
    """

    def __init__(self, fetch: Fetch, etag: str | None = None) -> None:
        """Open an object; its first bytes are fetched at once."""
        self._parts = _Parts(fetch, etag)
        super().__init__(self._parts, BLOCK_BYTES)
        self.peek(1)

    @property
    def size(self) -> int:
        """Of the whole object, in bytes."""
        return self._parts.size

    @property
    def etag(self) -> str:
        """Of the whole object, without quotes."""
        return str(self._parts.etag)


class _Parts(io.RawIOBase):
    """The unbuffered side: a request a read."""

    def __init__(self, fetch: Fetch, etag: str | None) -> None:
        self._fetch = fetch
        self._place = 0
        self.etag = etag
        #: Of the whole object; both are known from the first answer on.
        self.size = -1

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self.size}[whence]
        self._place = max(0, start + offset)
        return self._place

    def tell(self) -> int:
        return self._place

    def readinto(self, buffer: Any, /) -> int:
        content = self._next(len(buffer))
        buffer[: len(content)] = content
        return len(content)

    def readall(self) -> bytes:
        # The library's own asks for 8 kB at a time.
        return self._next(max(0, self.size - self._place))

    def _next(self, count: int) -> bytes:
        if count == 0 or 0 <= self.size <= self._place:
            return b""
        content, info = self._fetch(self._place, count, self.etag)
        self.size, self.etag = info.size, info.etag
        self._place += len(content)
        return content
