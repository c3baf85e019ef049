"""An S3 in memory that answers late, so that a benchmark measures its client and not a server.

    python -m infra.bench.latency PORT SECONDS

It speaks as much S3 as a worker does: PUT, HEAD, GET (Range, If-Match), DELETE, and a listing of
one page; every bucket exists and no signature is checked.
"""

import asyncio
import contextlib
import hashlib
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from infra.demo import services

#: Longest head of a request, in bytes.
MAX_HEAD_BYTES = 64 * 1024

#: When every object was written: what a listing says need not be true.
_WRITTEN = "2026-01-01T00:00:00.000Z"
_WRITTEN_HTTP = formatdate(1_767_225_600, usegmt=True)


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

    def __init__(self) -> None:
        self._objects: dict[str, Stored] = {}

    def answer(self, request: Request) -> Answer:
        """What S3 would say."""
        match request.method:
            case "PUT":
                return self._put(request)
            case "DELETE":
                self._objects.pop(request.path, None)
                return Answer(HTTPStatus.NO_CONTENT)
            case "GET" if "list-type" in request.query:
                return self._list(request)
            case "GET" | "HEAD":
                return self._get(request)
        return _refusal(HTTPStatus.NOT_IMPLEMENTED, "NotImplemented")

    def _put(self, request: Request) -> Answer:
        etag = hashlib.md5(request.body, usedforsecurity=False).hexdigest()
        self._objects[request.path] = Stored(request.body, etag)
        return Answer(HTTPStatus.OK, {"ETag": f'"{etag}"'})

    def _get(self, request: Request) -> Answer:
        if "/" not in request.path.rstrip("/"):
            return Answer(HTTPStatus.OK)
        stored = self._objects.get(request.path)
        if stored is None:
            return _refusal(HTTPStatus.NOT_FOUND, "NoSuchKey")
        if request.headers.get("if-match", stored.etag).strip('"') != stored.etag:
            return _refusal(HTTPStatus.PRECONDITION_FAILED, "PreconditionFailed")
        facts = {"ETag": f'"{stored.etag}"', "Last-Modified": _WRITTEN_HTTP}
        span = re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers.get("range", ""))
        if span is None:
            return Answer(HTTPStatus.OK, facts, stored.body)
        return _part(stored.body, int(span[1]), int(span[2]), facts)

    def _list(self, request: Request) -> Answer:
        bucket = request.path.partition("/")[0]
        prefix = f"{bucket}/{request.query.get('prefix', [''])[0]}"
        found = sorted(path for path in self._objects if path.startswith(prefix))
        entries = "".join(_entry(path.partition("/")[2], self._objects[path]) for path in found)
        listing = f"<IsTruncated>false</IsTruncated>{entries}"
        return Answer(HTTPStatus.OK, {}, f"<ListBucketResult>{listing}</ListBucketResult>".encode())


def _part(body: bytes, first: int, last: int, facts: Mapping[str, str]) -> Answer:
    if first >= len(body):
        return _refusal(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, "InvalidRange")
    content = body[first : last + 1]
    place = f"bytes {first}-{first + len(content) - 1}/{len(body)}"
    return Answer(HTTPStatus.PARTIAL_CONTENT, {**facts, "Content-Range": place}, content)


def _entry(key: str, stored: Stored) -> str:
    size, etag = len(stored.body), stored.etag
    return (
        f"<Contents><Key>{escape(key)}</Key><LastModified>{_WRITTEN}</LastModified>"
        f'<ETag>"{etag}"</ETag><Size>{size}</Size></Contents>'
    )


def _refusal(status: HTTPStatus, code: str) -> Answer:
    return Answer(
        status, {}, f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode()
    )


@dataclass(frozen=True, slots=True)
class LateServer:
    """Serves a store on keep-alive connections, each answer so many seconds late."""

    store: MemoryStore
    seconds: float

    async def serve(self, port: int) -> None:
        """Serve 127.0.0.1 until cancelled."""
        server = await asyncio.start_server(
            self._converse, "127.0.0.1", port, limit=MAX_HEAD_BYTES, backlog=512
        )
        async with server:
            await server.serve_forever()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A client that leaves between two requests is no fault.
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                request = await _read(reader, writer)
                await asyncio.sleep(self.seconds)
                writer.write(_raw(self.store.answer(request), request.method))
        writer.close()


async def _read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head[:-4].split("\r\n")
    method, target, _ = first.split(" ")
    pairs = (line.partition(":") for line in lines)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    if headers.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    url = urlsplit(target)
    query = parse_qs(url.query, keep_blank_values=True)
    return Request(method, unquote(url.path).lstrip("/"), query, headers, body)


def _raw(answer: Answer, method: str) -> bytes:
    headers = {**answer.headers, "Content-Length": str(len(answer.body))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"HTTP/1.1 {answer.status.value} {answer.status.phrase}\r\n{lines}\r\n".encode()
    return head if method == "HEAD" else head + answer.body


@contextmanager
def late_s3(folder: Path, seconds: float) -> Iterator[services.S3Server]:
    """Run the server in a process of its own until the block ends.

    Args:
        folder: For its log; the objects lie in memory.
        seconds: How late each answer is.
    """
    port = services.free_port()
    command = [sys.executable, "-m", "infra.bench.latency", str(port), str(seconds)]
    with services.running(command, port, folder / "late-s3.log") as process:
        yield services.S3Server(f"http://127.0.0.1:{port}", "BENCH", "bench", folder, process)


def main() -> None:
    """Serve until SIGTERM."""
    port, seconds = int(sys.argv[1]), float(sys.argv[2])
    asyncio.run(LateServer(MemoryStore(), seconds).serve(port))


if __name__ == "__main__":
    main()
