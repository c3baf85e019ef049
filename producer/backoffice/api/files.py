"""Files over HTTP: an item's pictures, through this host; no address is ever a client's."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Header, Query
from pydantic import StringConstraints
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from producer.backoffice.api.names import BatchName, ItemNumber
from producer.backoffice.asking import TheOffice
from producer.backoffice.etags import matches
from producer.backoffice.office import Office
from producer.item_files import ItemFiles, mark_of
from shared.errors import FileUnknown, ObjectTooLarge, StorageError
from shared.keys import S3Address
from shared.pictures.signatures import HEAD_BYTES, refusal
from shared.s3 import ObjectFile

router = APIRouter(prefix="/batches/{batch}/items/{number}/files", tags=["items"])

log = structlog.get_logger(__name__)

#: What is served, by how it begins; whatever else lies in a bucket stays there.
MEDIA_TYPES = (
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"II[*+]\0|MM\0[*+]"), "image/tiff"),
    (re.compile(rb"....ftyp(avi[fs]|m[is]f1.{4,40}avi[fs])", re.DOTALL), "image/avif"),
)
#: Of a result's file under its own mark: it never changes.
FOR_EVER = "private, max-age=31536000, immutable"
#: Of a source, which others may replace, in seconds.
SOURCE_SECONDS = 60
#: Bytes of a picture that are held for a client.
CHUNK_BYTES = 1 << 20

FileName = Annotated[
    str, StringConstraints(pattern="^(source|mask|map|thumbnails|v([1-9]|1[0-6]))$")
]
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"content": {media: {} for _, media in MEDIA_TYPES}, "description": "The picture."},
    304: {"description": "The picture is known."},
}


@router.get("/{name}", response_class=StreamingResponse, responses=_ANSWERS)
async def read_file(
    office: TheOffice,
    batch: BatchName,
    number: ItemNumber,
    name: FileName,
    v: Annotated[str, Query(max_length=64, description="The item's mark.")] = "",
    if_none_match: Annotated[str, Header(max_length=1_000)] = "",
) -> Response:
    """One of an item's pictures: source, mask, map, thumbnails, v1 to v16."""
    found = await office.threads.run(_find, office, batch, number, name)
    headers = found.headers(is_marked=v == found.mark)
    if matches(headers["ETag"], if_none_match):
        return Response(status_code=304, headers=headers)
    file, media = await office.threads.run(_open, office, found)
    headers |= {"Content-Disposition": "inline", "Content-Length": str(file.size)}
    return _Parts(_chunks(office, file), media_type=media, headers=headers)


class _Parts(StreamingResponse):
    """A picture that is passed on; where the rest of it is not to be had, the answer breaks off."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        except StorageError as error:  # the head has left, so that no problem can be told
            log.warning("a picture broke off", path=scope["path"], reason=str(error))


@dataclass(frozen=True, slots=True)
class _Found:
    """A picture of an item."""

    name: str
    place: S3Address
    #: Of the item.
    mark: str
    #: S3's own, of a source; None of what is ours.
    etag: str | None

    def headers(self, *, is_marked: bool) -> dict[str, str]:
        """What is said of it, known or not."""
        kept = FOR_EVER if is_marked else "private, no-cache"
        if self.etag is not None:
            kept = f"private, max-age={SOURCE_SECONDS}"
        tag = self.etag or f"{self.mark}.{self.name}"
        return {"ETag": f'"{tag}"', "Cache-Control": kept, "X-Content-Type-Options": "nosniff"}


def _find(office: Office, batch: str, number: int, name: str) -> _Found:
    item = office.reader.item(batch, number)
    address = ItemFiles.of(item).pictures.get(name)
    if address is None:
        raise FileUnknown(batch=batch, item=number, file=name)
    place = S3Address.parse(address)
    etag = office.looking.head(place).etag if name == "source" else None
    return _Found(name, place, mark_of(item), etag)


def _open(office: Office, found: _Found) -> tuple[ObjectFile, str]:
    """A picture that is about to be read, and its media type."""
    file, limit = office.looking.open(found.place, etag=found.etag), office.settings.max_image_bytes
    if file.size > limit:
        raise ObjectTooLarge(address=found.place, size=file.size, limit=limit)
    head = file.peek(HEAD_BYTES)
    media = next((media for begins, media in MEDIA_TYPES if begins.match(head)), None)
    if media is None:
        raise refusal(head[:HEAD_BYTES], str(found.place))
    return file, media


async def _chunks(office: Office, file: ObjectFile) -> AsyncIterator[bytes]:
    """What is left of a file, each part fetched when the one before was taken."""
    while chunk := await office.threads.run(file.read, CHUNK_BYTES):
        yield chunk
