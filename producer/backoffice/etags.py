"""ETags: every JSON answer to a GET names its content, and one that is known is not sent again."""

import hashlib
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Bytes of the digest; two answers of one address do not share it.
DIGEST_BYTES = 16


class ETags:
    """Middleware: a strong ETag for each JSON answer, and 304 where `If-None-Match` has it.

    An answer that is streamed, or has an ETag already, is passed on as it is.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD"):
            known = Headers(scope=scope).get("if-none-match", "")
            send = _Labelling(send, known)
        await self._app(scope, receive, send)


@dataclass(slots=True)
class _Labelling:
    """Holds an answer's head back until its body is known."""

    _send: Send
    _known: str
    _head: Message | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_labelled(message):
            self._head = message
            return
        head, self._head = self._head, None
        if head is not None:
            message = self._labelled(head, message)
            await self._send(head)
        await self._send(message)

    def _labelled(self, head: Message, message: Message) -> Message:
        """The body that is sent, after the head got its ETag."""
        if message.get("more_body"):
            return message
        body = message.get("body", b"")
        tag = f'"{hashlib.blake2b(body, digest_size=DIGEST_BYTES).hexdigest()}"'
        headers = MutableHeaders(raw=head["headers"])
        headers["etag"] = tag
        headers.setdefault("cache-control", "private, no-cache")
        if not matches(tag, self._known):
            return message
        head["status"] = 304
        for name in ("content-length", "content-type"):
            del headers[name]
        return {**message, "body": b""}


def _is_labelled(head: Message) -> bool:
    headers = Headers(raw=head["headers"])
    is_json = headers.get("content-type", "").startswith("application/json")
    return head["status"] == 200 and is_json and "etag" not in headers


def matches(tag: str, known: str) -> bool:
    """Whether `If-None-Match` names the tag; weak ones count, as RFC 9110 has it for a GET."""
    named = {part.strip().removeprefix("W/") for part in known.split(",")}
    return tag in named or "*" in named
