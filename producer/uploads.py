"""Uploads: pictures that come by their bytes, checked before anything is stored."""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO

from shared.errors import ImageTooLarge, NotBase64
from shared.keys import S3Address
from shared.pictures.header import Container, read_header
from shared.pictures.limits import Limits, check_shape
from shared.s3 import ObjectStore

#: Extension of each container's files; its content type is `image/` and its name.
EXTENSIONS: Mapping[Container, str] = {
    "JPEG": "jpg",
    "PNG": "png",
    "WEBP": "webp",
    "TIFF": "tif",
    "GIF": "gif",
    "AVIF": "avif",
}

#: What browsers put before a picture's base64.
_DATA_URL = re.compile(r"data:image/[a-z0-9.+-]{1,40};base64,")


@dataclass(frozen=True, slots=True)
class Upload:
    """A picture's file whose header was read: a worker would take it."""

    content: bytes
    container: Container

    @property
    def extension(self) -> str:
        """Of its file."""
        return EXTENSIONS[self.container]

    @property
    def sha256(self) -> str:
        """SHA-256 (hex) of its bytes."""
        return hashlib.sha256(self.content).hexdigest()

    def store(self, address: S3Address, store: ObjectStore) -> str:
        """Write it; returns its ETag.

        Raises:
            StorageError: It may not be written there, or S3 did not answer.
        """
        content_type = f"image/{self.container.lower()}"
        return store.put(address, self.content, content_type=content_type)


def uploaded(text: str, *, field: str, limits: Limits, is_source: bool) -> Upload:
    """The picture that base64 stands for; a data: URL's beginning and line ends may be in it.

    Args:
        text: The base64.
        field: Names it in errors.
        limits: What it may measure; its length is checked before it is decoded.
        is_source: Whether it must be large enough to hold a garment.

    Raises:
        NotBase64: It is none.
        ImageError: It is no picture that a worker would take.
    """
    content = _decoded(text, field, limits)
    header = read_header(BytesIO(content), byte_count=len(content), source=field, limits=limits)
    if is_source:
        check_shape(header.size, source=field)
    return Upload(content, header.container)


def _decoded(text: str, field: str, limits: Limits) -> bytes:
    head = _DATA_URL.match(text)
    plain = "".join(text[head.end() if head else 0 :].split())
    if 3 * (len(plain) // 4) > limits.max_bytes + 2:  # up to two of them fill the last four letters
        size, limit = f"{3 * (len(plain) // 4):,} bytes", f"{limits.max_bytes:,} bytes"
        raise ImageTooLarge(source=field, size=size, limit=limit)
    try:
        return base64.b64decode(plain, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NotBase64(field=field, reason=str(error).lower().rstrip(".")) from error
