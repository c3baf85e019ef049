"""Serving: the app on a port, after a look at whether everybody who reaches it may."""

import signal
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from anyio import to_thread
from fastapi import FastAPI

from producer.backoffice.access.gatekeeper import Gatekeeper
from producer.backoffice.access_log import AccessLog
from producer.backoffice.app import create_app
from producer.backoffice.connection import Connection
from producer.backoffice.office import Office
from shared.board import StatusBoard
from shared.errors import AddressUnusable, CertificateUnusable, OptionInvalid, TokensMissing
from shared.urls import hostname, is_loopback

#: Requests that are under way when the service is told to end have so long, in seconds.
DRAIN_SECONDS = 30
#: A connection that nobody uses is closed after so many seconds.
IDLE_SECONDS = 30
#: Connections at a time; beyond them the answer is 503 at once.
MAX_CONNECTIONS = 2_000
#: Connections that wait to be taken.
BACKLOG = 512


@dataclass(frozen=True, slots=True)
class Certificate:
    """What the service shows of itself over TLS, as PEM files."""

    certificate: Path
    key: Path

    @classmethod
    def of(cls, certificate: Path | None, key: Path | None) -> "Certificate | None":
        """The pair, None where neither is given.

        Raises:
            OptionInvalid: One of them is missing.
            CertificateUnusable: They are no pair, or cannot be read.
        """
        if certificate is None and key is None:
            return None
        if certificate is None or key is None:
            reason = "the certificate and its key come together"
            raise OptionInvalid(option="--tls-cert / --tls-key", reason=reason)
        try:
            # Without a password: a service that starts by itself has nobody to ask.
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, lambda: "")
        except OSError as error:  # of which ssl.SSLError is one
            reason = str(error.strerror or error).rstrip(".")
            raise CertificateUnusable(certificate=certificate, reason=reason) from error
        return cls(certificate, key)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the service listens, and how people reach it."""

    host: str
    port: int
    #: scheme://host[:port] that people open, where a proxy stands before it.
    public_url: str | None = None
    certificate: Certificate | None = None

    @property
    def is_local(self) -> bool:
        """Whether this host alone reaches it."""
        public = self.public_url is None or is_loopback(hostname(self.public_url))
        return is_loopback(self.host) and public

    @property
    def address(self) -> str:
        """What people open."""
        scheme = "https" if self.certificate else "http"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.public_url or f"{scheme}://{host}:{self.port}"


def check_safe(board: StatusBoard, place: Place) -> None:
    """Refuse to serve to other hosts what nobody could sign in to.

    Raises:
        TokensMissing: There is no token that is good now.
        RedisUnreachable: Redis does not answer.
    """
    if all(token.expired for token in board.tokens()) and not place.is_local:
        raise TokensMissing(address=place.address)


def serve(office: Office, place: Place, tell: Callable[[str], None]) -> None:
    """Serve the back office until the process is told to end; then finish what is under way.

    Args:
        office: What it works with.
        place: Where it listens; port 0 takes a free one.
        tell: Called once with the sentence that names the address, before anybody is served.

    Raises:
        TokensMissing: It would be served to other hosts, and nobody could sign in.
        AddressUnusable: The port is taken, or the host is none of this machine's.
        RedisUnreachable: Redis does not answer.
    """
    check_safe(office.board, place)
    with _listening(place) as listener:
        bound = Place(place.host, listener.getsockname()[1], place.public_url, place.certificate)
        tell(_sentence(bound, open_to_all=not office.board.has_tokens()))
        gatekeeper = Gatekeeper(office.board, is_local=place.is_local, public_url=place.public_url)
        app = create_app(office, gatekeeper)
        app.router.lifespan_context = _with_threads(office.settings.serve_threads)
        # The server drains at the first one, and then raises it once more for whoever started it.
        signal.signal(signal.SIGTERM, lambda *_: None)
        uvicorn.Server(_config(app, office, bound)).run(sockets=[listener])


def _listening(place: Place) -> socket.socket:
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    try:
        listener = socket.create_server((place.host, place.port), family=family, backlog=BACKLOG)
    except OSError as error:
        reason = str(error.strerror or error).lower()
        raise AddressUnusable(address=f"{place.host}:{place.port}", reason=reason) from error
    # Its connections inherit it; asyncio sets it on sockets of its own only, and without it the
    # body waits 40 ms for the other side's word that the head has arrived.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _sentence(place: Place, *, open_to_all: bool) -> str:
    if open_to_all:
        who = "to everybody on this host, for there is no token"
    else:
        who = "to whoever signs in with a token"
    plain = not place.is_local and place.address.startswith("http://")
    warning = " Tokens travel in plain text: whoever is on their way reads them." if plain else ""
    return f"The back office is served at {place.address}/ {who}.{warning} Ctrl-C ends it."


def _config(app: FastAPI, office: Office, place: Place) -> uvicorn.Config:
    certificate, proxies = place.certificate, office.settings.trusted_proxies
    return uvicorn.Config(
        AccessLog(app),
        http=Connection,
        log_config=None,  # its lines go the way of ours
        access_log=False,
        server_header=False,
        ws="none",
        # Never its default, which trusts whoever connects from this host.
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies or "",
        limit_concurrency=MAX_CONNECTIONS,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        ssl_certfile=certificate.certificate if certificate else None,
        ssl_keyfile=certificate.key if certificate else None,
    )


def _with_threads(threads: int) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:  # noqa: ARG001 - the library's
        to_thread.current_default_thread_limiter().total_tokens = threads
        yield

    return lifespan
