"""Intake: reads a request's body whole before its route runs, up to a size and within a time.

The bodies of all requests under way have one bound together.
"""

import asyncio
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from producer.backoffice.problems import answer
from shared.errors import BodiesTooMany, BodyTooLarge, BodyTooSlow, RestyleError

#: Of requests that nobody signed in for, in bytes: a token fits.
ANONYMOUS_BYTES = 16_000
#: Of requests that hold neither pictures nor rows, in bytes: 10,000 numbers of items fit.
SMALL_BYTES = 1_000_000
#: Of all requests under way together, in bytes.
ALL_BYTES = 256_000_000
#: Requests that have no body.
BODILESS = ("GET", "HEAD")
#: Bodies arrive within this time.
BODY_SECONDS = 120.0


class Intake:
    """Middleware: refuses bodies that are too large or too slow, before a route sees them."""

    def __init__(
        self,
        app: ASGIApp,
        large_paths: Iterable[str] = (),
        max_seconds: float = BODY_SECONDS,
        max_bytes: int = ALL_BYTES,
    ) -> None:
        """Stand before an app.

        Args:
            app: What gets the bodies.
            large_paths: What takes pictures or rows by POST, as routes write paths.
            max_seconds: A body arrives within this time.
            max_bytes: Of all bodies under way together; one alone may be as large as the
                settings have it.
        """
        self._app = app
        self._large: list[re.Pattern[str]] = [compile_path(path)[0] for path in large_paths]
        self._max_seconds = max_seconds
        self._max_bytes = max_bytes
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or not _has_body(scope):
            await self._app(scope, receive, send)
            return
        with self._hold() as held:
            try:
                body = await self._read(scope, receive, held)
            except RestyleError as error:
                await answer(error, {"Connection": "close"})(scope, receive, send)
                return
            if body is not None:
                await self._app(scope, _Again(body, receive), send)

    @contextmanager
    def _hold(self) -> Iterator["_Held"]:
        """What is held of one body; it counts until its request is answered."""
        held = _Held(self)
        try:
            yield held
        finally:
            self._held -= held.size

    def take(self, size: int, limit: int) -> None:
        """Count bytes that arrived, of a body that may have `limit` of them.

        Raises:
            BodiesTooMany: All bodies together are too many bytes.
        """
        if self._held + size > max(self._max_bytes, limit):
            raise BodiesTooMany(limit=max(self._max_bytes, limit))
        self._held += size

    async def _read(self, scope: Scope, receive: Receive, held: "_Held") -> bytes | None:
        limit = self._limit(Request(scope))
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdecimal() and int(declared) > limit:
            raise BodyTooLarge(limit=limit)
        try:
            async with asyncio.timeout(self._max_seconds):
                return await _all_of(receive, held, limit)
        except TimeoutError as error:
            raise BodyTooSlow(seconds=self._max_seconds) from error

    def _limit(self, request: Request) -> int:
        if request.method in BODILESS:
            return 0
        if not hasattr(request.state, "caller"):
            return ANONYMOUS_BYTES
        limit: int = request.app.state.office.settings.max_body_bytes
        path = request.scope["path"]
        is_large = request.method == "POST" and any(one.match(path) for one in self._large)
        return limit if is_large else min(SMALL_BYTES, limit)


@dataclass(slots=True)
class _Held:
    """The bytes of one body that are in memory."""

    _intake: Intake
    size: int = 0

    def take(self, size: int, limit: int) -> None:
        """Count what arrived; raises as `Intake.take`, or BodyTooLarge."""
        if self.size + size > limit:
            raise BodyTooLarge(limit=limit)
        self._intake.take(size, limit)
        self.size += size


def _has_body(scope: Scope) -> bool:
    headers = Headers(scope=scope)
    return "content-length" in headers or "transfer-encoding" in headers


async def _all_of(receive: Receive, held: _Held, limit: int) -> bytes | None:
    """The whole body; None where the client went away."""
    chunks, more = [], True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunk = message.get("body", b"")
        held.take(len(chunk), limit)
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
