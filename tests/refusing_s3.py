"""A proxy before an S3 server that answers with faults, or not yet, where a test asks for it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from infra.demo.services import S3Server

#: Of the answer, set anew by whoever sends it on.
OURS = frozenset({"connection", "transfer-encoding", "content-length", "date", "server"})


class Proxy(ThreadingHTTPServer):
    """Passes every request on, but for those whose path ends in a text that is refused."""

    daemon_threads = True

    def __init__(self, behind: S3Server) -> None:
        super().__init__(("127.0.0.1", 0), _Passing)
        self.behind = urlsplit(behind.endpoint_url).netloc
        #: End of a path → the status and S3's code that are answered.
        self.faults: dict[str, tuple[int, str]] = {}
        #: Method and end of path of requests that wait until this is changed, and end unanswered.
        self.held: tuple[str, str] | None = None
        #: Paths asked for, in order.
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"


class _Passing(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Proxy

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = urlsplit(self.path).path
        self.server.asked.append(path)
        if self._held(path):
            self.close_connection = True
            return
        fault = next((f for end, f in self.server.faults.items() if path.endswith(end)), None)
        if fault:
            status, code = fault
            text = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>So.</Message></Error>"
            self._answer(status, {}, text.encode())
            return
        behind = HTTPConnection(self.server.behind, timeout=30)
        # The signature covers the Host header, which goes on as it came.
        behind.request(self.command, self.path, body, dict(self.headers.items()))
        answer = behind.getresponse()
        content, size = answer.read(), answer.getheader("Content-Length")
        self._answer(answer.status, dict(answer.getheaders()), content, size)
        behind.close()

    def _held(self, path: str) -> bool:
        """Wait as long as this request is held; whether it was."""
        waited = False
        while (held := self.server.held) and self.command == held[0] and path.endswith(held[1]):
            waited = True
            time.sleep(0.02)
        return waited

    do_GET = _pass  # noqa: N815 - the library's names, here and below
    do_PUT = _pass  # noqa: N815
    do_HEAD = _pass  # noqa: N815
    do_DELETE = _pass  # noqa: N815

    def _answer(
        self, status: int, headers: dict[str, str], content: bytes, size: str | None = None
    ) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in OURS:
                self.send_header(name, value)
        whole = self.command == "HEAD" and size
        self.send_header("Content-Length", str(size) if whole else str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


@contextmanager
def refusing_s3(behind: S3Server) -> Iterator[Proxy]:
    """Run the proxy until the block ends."""
    with Proxy(behind) as proxy:
        threading.Thread(target=proxy.serve_forever, args=(0.05,), daemon=True).start()
        yield proxy
        proxy.held = None
        proxy.shutdown()
