"""Intake: reads a request's body whole before its route runs, up to a size and within a time."""

import asyncio
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from producer.backoffice.problems import answer
from shared.errors import BodyTooLarge, BodyTooSlow, RestyleError

#: Of requests that nobody signed in for, in bytes: a token fits.
ANONYMOUS_BYTES = 16_000
#: Bodies arrive within this time.
BODY_SECONDS = 120.0


class Intake:
    """Middleware: refuses bodies that are too large or too slow, before a route sees them."""

    def __init__(self, app: ASGIApp, max_seconds: float = BODY_SECONDS) -> None:
        self._app = app
        self._max_seconds = max_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or not _has_body(scope):
            await self._app(scope, receive, send)
            return
        try:
            body = await self._read(scope, receive)
        except RestyleError as error:
            await answer(error, {"Connection": "close"})(scope, receive, send)
            return
        if body is not None:
            await self._app(scope, _Again(body, receive), send)

    async def _read(self, scope: Scope, receive: Receive) -> bytes | None:
        limit = _limit(Request(scope))
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdecimal() and int(declared) > limit:
            raise BodyTooLarge(limit=limit)
        try:
            async with asyncio.timeout(self._max_seconds):
                return await _all_of(receive, limit)
        except TimeoutError as error:
            raise BodyTooSlow(seconds=self._max_seconds) from error


def _limit(request: Request) -> int:
    if not hasattr(request.state, "caller"):
        return ANONYMOUS_BYTES
    limit: int = request.app.state.office.settings.max_body_bytes
    return limit


def _has_body(scope: Scope) -> bool:
    headers = Headers(scope=scope)
    return "content-length" in headers or "transfer-encoding" in headers


async def _all_of(receive: Receive, limit: int) -> bytes | None:
    """The whole body; None where the client went away."""
    chunks, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise BodyTooLarge(limit=limit)
        chunks.append(chunk)
        more = message.get("more_body", False)
    return b"".join(chunks)


@dataclass(slots=True)
class _Again:
    """Hands a body out that was read, then whatever else comes."""

    _body: bytes | None
    _receive: Receive

    async def __call__(self) -> Message:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}
