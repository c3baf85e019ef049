"""The wire of an S3 in memory: requests read, answers written, on keep-alive connections."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs, unquote, urlsplit

from infra.s3.memory import Answer, Request

#: Longest head of a request, in bytes.
MAX_HEAD_BYTES = 64 * 1024

#: Writes the answer to a request; it may also fail to.
Respond = Callable[[Request, asyncio.StreamWriter], Awaitable[None]]


async def serve(port: int, respond: Respond) -> None:
    """Serve 127.0.0.1 until cancelled."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A client that leaves between two requests is no fault, nor is the server's own end.
        ends = (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError)
        with contextlib.suppress(*ends):
            while not writer.is_closing():
                await respond(await _read(reader, writer), writer)
        writer.close()

    server = await asyncio.start_server(
        converse, "127.0.0.1", port, limit=MAX_HEAD_BYTES, backlog=512
    )
    async with server:
        await server.serve_forever()


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


def raw(answer: Answer, method: str) -> bytes:
    """The answer as it goes over the wire."""
    headers = {**answer.headers, "Content-Length": str(len(answer.body))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"HTTP/1.1 {answer.status.value} {answer.status.phrase}\r\n{lines}\r\n".encode()
    return head if method == "HEAD" else head + answer.body
