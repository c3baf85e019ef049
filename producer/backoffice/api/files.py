"""Files over HTTP: an item's pictures, through this host; no address is ever a client's."""

import re
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from pydantic import StringConstraints
from starlette.responses import Response

from producer.backoffice.api.names import BatchName, ItemNumber
from producer.backoffice.asking import TheOffice
from producer.backoffice.etags import matches
from producer.backoffice.office import Office
from producer.item_files import ItemFiles, mark_of
from shared.errors import FileUnknown
from shared.keys import S3Address
from shared.pictures.signatures import HEAD_BYTES, refusal

router = APIRouter(prefix="/batches/{batch}/items/{number}/files", tags=["items"])

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

FileName = Annotated[
    str, StringConstraints(pattern="^(source|mask|map|thumbnails|v([1-9]|1[0-6]))$")
]
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"content": {media: {} for _, media in MEDIA_TYPES}, "description": "The picture."},
    304: {"description": "The picture is known."},
}


@router.get("/{name}", response_class=Response, responses=_ANSWERS)
def read_file(
    office: TheOffice,
    batch: BatchName,
    number: ItemNumber,
    name: FileName,
    v: Annotated[str, Query(max_length=64, description="The item's mark.")] = "",
    if_none_match: Annotated[str, Header(max_length=1_000)] = "",
) -> Response:
    """One of an item's pictures: source, mask, map, thumbnails, v1 to v16."""
    item = office.reader.item(batch, number)
    address = ItemFiles.of(item).pictures.get(name)
    if address is None:
        raise FileUnknown(batch=batch, item=number, file=name)
    place, mark = S3Address.parse(address), mark_of(item)
    tag = office.store.head(place).etag if name == "source" else f"{mark}.{name}"
    headers = _headers(name, f'"{tag}"', is_marked=v == mark)
    if matches(f'"{tag}"', if_none_match):
        return Response(status_code=304, headers=headers)
    return _picture(office, place, headers)


def _headers(name: str, tag: str, *, is_marked: bool) -> dict[str, str]:
    kept = FOR_EVER if is_marked else "private, no-cache"
    if name == "source":
        kept = f"private, max-age={SOURCE_SECONDS}"
    return {"ETag": tag, "Cache-Control": kept, "X-Content-Type-Options": "nosniff"}


def _picture(office: Office, place: S3Address, headers: dict[str, str]) -> Response:
    body = office.store.get(place, max_bytes=office.settings.max_image_bytes)
    media = next((media for begins, media in MEDIA_TYPES if begins.match(body)), None)
    if media is None:
        raise refusal(body[:HEAD_BYTES], str(place))
    return Response(body, media_type=media, headers=headers | {"Content-Disposition": "inline"})
