"""Results over HTTP: what became of every item, as a file to save."""

from collections.abc import AsyncIterator, Iterator
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import StreamingResponse

from producer.backoffice.api.names import BatchName
from producer.backoffice.asking import TheOffice
from producer.backoffice.office import Office
from producer.results import CONTENT_TYPES, Format, spooled

router = APIRouter(prefix="/batches/{batch}/results", tags=["batches"])

#: Bytes that are sent at a time.
CHUNK_BYTES = 256 * 1024

_FILES = {"content": {media: {"schema": {"type": "string"}} for media in CONTENT_TYPES.values()}}


@router.get("", response_class=StreamingResponse, responses={200: _FILES})
async def download(
    office: TheOffice,
    batch: BatchName,
    format: Annotated[Format, Query(description="One JSON object a line, or CSV.")] = "jsonl",  # noqa: A002 - the option's name
) -> StreamingResponse:
    """One row per item in the manifest's order, as they stand now."""
    chunks = _chunks(office, batch, format)
    first = await office.threads.run(
        next, chunks, b""
    )  # what cannot be read is said before an answer has begun
    name = f'attachment; filename="{batch}.results.{format}"'
    return StreamingResponse(
        _rest(first, chunks, office),
        media_type=CONTENT_TYPES[format],
        headers={"Content-Disposition": name, "Cache-Control": "no-store"},
    )


async def _rest(chunk: bytes, chunks: Iterator[bytes], office: Office) -> AsyncIterator[bytes]:
    while chunk:
        yield chunk
        chunk = await office.threads.run(next, chunks, b"")


def _chunks(office: Office, batch: str, format: Format) -> Iterator[bytes]:  # noqa: A002 - likewise
    with (
        office.reader.open(batch) as found,
        spooled(found.rows()) as spool,
        spool.file(format).open("rb") as file,
    ):
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
