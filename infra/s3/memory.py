"""The objects of an S3 in memory, and what S3 would answer.

It speaks as much S3 as Restyle does: PUT, copies (If-Match), HEAD, GET (Range, If-Match), DELETE,
and listings in pages; every bucket exists and no signature is checked.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import unquote
from xml.sax.saxutils import escape

#: When every object was written: what a listing says need not be true.
_WRITTEN = "2026-01-01T00:00:00.000Z"
_WRITTEN_HTTP = formatdate(1_767_225_600, usegmt=True)

#: The header that makes a PUT a copy, and names what is copied as bucket/key.
COPIED = "x-amz-copy-source"


class Request(NamedTuple):
    """One request, read to its end."""

    method: str
    #: bucket/key, decoded.
    path: str
    query: Mapping[str, list[str]]
    #: Names in lower case.
    headers: Mapping[str, str]
    body: bytes


class Answer(NamedTuple):
    """What is sent back; a HEAD's body is counted and not sent."""

    status: HTTPStatus
    headers: Mapping[str, str] = {}
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Stored:
    """One object."""

    body: bytes
    etag: str


class MemoryStore:
    """Objects in memory, by bucket/key."""

    def __init__(self, page_keys: int = 1_000) -> None:
        """Hold nothing yet; a listing's answer has so many keys at most."""
        self._objects: dict[str, Stored] = {}
        self._page_keys = page_keys
        #: Listings that were asked for so far.
        self.listings = 0

    def objects(self) -> dict[str, Stored]:
        """All of them as they are now."""
        return dict(self._objects)

    def put(self, path: str, body: bytes) -> str:
        """Store an object and return its ETag, without quotes."""
        etag = hashlib.md5(body, usedforsecurity=False).hexdigest()
        self._objects[path] = Stored(body, etag)
        return etag

    def answer(self, request: Request) -> Answer:
        """What S3 would say."""
        match request.method:
            case "PUT" if COPIED in request.headers:
                return self._copy(request)
            case "PUT":
                return self._put(request)
            case "DELETE":
                self._objects.pop(request.path, None)
                return Answer(HTTPStatus.NO_CONTENT)
            case "GET" if "list-type" in request.query:
                return self._list(request)
            case "GET" | "HEAD":
                return self._get(request)
        return refusal(HTTPStatus.NOT_IMPLEMENTED, "NotImplemented")

    def _put(self, request: Request) -> Answer:
        etag = self.put(request.path, request.body)
        return Answer(HTTPStatus.OK, {"ETag": f'"{etag}"'})

    def _copy(self, request: Request) -> Answer:
        stored = self._objects.get(unquote(request.headers[COPIED]))
        if stored is None:
            return refusal(HTTPStatus.NOT_FOUND, "NoSuchKey")
        wanted = request.headers.get(f"{COPIED}-if-match", stored.etag)
        if wanted.strip('"') != stored.etag:
            return refusal(HTTPStatus.PRECONDITION_FAILED, "PreconditionFailed")
        self._objects[request.path] = stored
        told = f'<ETag>"{stored.etag}"</ETag><LastModified>{_WRITTEN}</LastModified>'
        return Answer(HTTPStatus.OK, {}, f"<CopyObjectResult>{told}</CopyObjectResult>".encode())

    def _get(self, request: Request) -> Answer:
        if "/" not in request.path.rstrip("/"):
            return Answer(HTTPStatus.OK)
        stored = self._objects.get(request.path)
        if stored is None:
            return refusal(HTTPStatus.NOT_FOUND, "NoSuchKey")
        if request.headers.get("if-match", stored.etag).strip('"') != stored.etag:
            return refusal(HTTPStatus.PRECONDITION_FAILED, "PreconditionFailed")
        facts = {"ETag": f'"{stored.etag}"', "Last-Modified": _WRITTEN_HTTP}
        span = re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers.get("range", ""))
        if span is None:
            return Answer(HTTPStatus.OK, facts, stored.body)
        return _part(stored.body, int(span[1]), int(span[2]), facts)

    def _list(self, request: Request) -> Answer:
        bucket = request.path.partition("/")[0]
        prefix = f"{bucket}/{request.query.get('prefix', [''])[0]}"
        asked = request.query
        after = asked.get("continuation-token", asked.get("start-after", [""]))[0]
        found = sorted(
            path for path in self._objects if path.startswith(prefix) and path > f"{bucket}/{after}"
        )
        self.listings += 1
        page, more = found[: self._page_keys], len(found) > self._page_keys
        entries = "".join(_entry(path.partition("/")[2], self._objects[path]) for path in page)
        token = escape(page[-1].partition("/")[2]) if more else ""
        listing = f"<IsTruncated>{str(more).lower()}</IsTruncated>{entries}"
        listing += f"<NextContinuationToken>{token}</NextContinuationToken>" if more else ""
        return Answer(HTTPStatus.OK, {}, f"<ListBucketResult>{listing}</ListBucketResult>".encode())


def _part(body: bytes, first: int, last: int, facts: Mapping[str, str]) -> Answer:
    if first >= len(body):
        return refusal(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, "InvalidRange")
    content = body[first : last + 1]
    place = f"bytes {first}-{first + len(content) - 1}/{len(body)}"
    return Answer(HTTPStatus.PARTIAL_CONTENT, {**facts, "Content-Range": place}, content)


def _entry(key: str, stored: Stored) -> str:
    size, etag = len(stored.body), stored.etag
    return (
        f"<Contents><Key>{escape(key)}</Key><LastModified>{_WRITTEN}</LastModified>"
        f'<ETag>"{etag}"</ETag><Size>{size}</Size></Contents>'
    )


def refusal(status: HTTPStatus, code: str) -> Answer:
    """S3's error of this code."""
    return Answer(
        status, {}, f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode()
    )
