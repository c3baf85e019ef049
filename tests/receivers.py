"""A receiver of webhooks: a real HTTP(S) server that answers as a test tells it."""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook

from tests.certificates import Identity

#: Sends an answer of its own making.
Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass(frozen=True)
class Received:
    """A request as it came."""

    path: str
    headers: dict[str, str]
    body: str

    def verified(self, secret: str) -> dict:
        """The event, once the library on the receiver's side has verified it."""
        return Webhook(secret).verify(self.body, self.headers)


@dataclass
class Receiver:
    """What came, and what is answered."""

    port: int
    received: list[Received] = field(default_factory=list)
    #: Statuses, or what sends an answer; the last one stays.
    answers: list[int | Answer] = field(default_factory=lambda: [204])
    #: Set when the test ends: whoever dawdles goes.
    over: threading.Event = field(default_factory=threading.Event)

    def next_answer(self) -> int | Answer:
        """One of the answers."""
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def do_POST(self) -> None:
        """Note what came and answer."""
        receiver: Receiver = self.server.receiver
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        receiver.received.append(Received(self.path, dict(self.headers), body))
        answer = receiver.next_answer()
        with suppress(OSError):
            answer(self) if callable(answer) else answered(self, answer)


def answered(handler: BaseHTTPRequestHandler, status: int, body: str = "", **headers: str) -> None:
    """Send a plain answer."""
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body.encode())))
    handler.end_headers()
    handler.wfile.write(body.encode())


def dawdling(handler: BaseHTTPRequestHandler) -> None:
    """Say nothing."""
    handler.server.receiver.over.wait(60)


def dripping(handler: BaseHTTPRequestHandler) -> None:
    """Send a header that never ends, byte by byte."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Drip: ")
    while not handler.server.receiver.over.wait(0.02):
        handler.wfile.write(b"x")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    receiver: Receiver

    def handle_error(self, request, client_address) -> None:
        """Whoever cuts a connection is what the tests are about."""


@contextmanager
def receiver(
    identity: Identity | None = None, *, address: str = "127.0.0.1", port: int = 0
) -> Iterator[Receiver]:
    """A receiver on a loopback address; with an identity it speaks TLS."""
    with _Server((address, port), _Handler) as server:
        if identity:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(identity.certificate, identity.key)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        server.receiver = Receiver(server.server_address[1])
        serving = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        serving.start()
        try:
            yield server.receiver
        finally:
            server.receiver.over.set()
            server.shutdown()
            serving.join()
