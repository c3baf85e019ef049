"""Headers: what every answer tells browsers to keep to, errors included."""

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.urls import hostname, is_loopback

#: Scripts, styles and pictures come from us alone; blobs are pictures that the page draws itself.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
#: Of every answer.
ALWAYS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
#: Where it is served over TLS: a year without plain HTTP.
STRICT_TRANSPORT = "max-age=31536000"


class SecurityHeaders:
    """Middleware, outside of all others: adds what an answer does not have yet."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                _complete(MutableHeaders(scope=message), scope)
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _complete(headers: MutableHeaders, scope: Scope) -> None:
    for name, value in ALWAYS.items():
        headers.setdefault(name, value)
    # Nothing of a shop's is kept anywhere, but where a route says so, or a copy is asked for anew.
    headers.setdefault("Cache-Control", "private, no-cache" if "etag" in headers else "no-store")
    if _is_strict(scope):
        headers.setdefault("Strict-Transport-Security", STRICT_TRANSPORT)


def _is_strict(scope: Scope) -> bool:
    """Over TLS, but not for this host itself: the rule would bind all other ports of it."""
    host = hostname(f"//{Headers(scope=scope).get('host', '')}")
    return bool(scope["scheme"] == "https") and not is_loopback(host)
