"""The object store over a server that breaks on purpose."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from shared import errors
from shared.keys import S3Address
from shared.s3 import ObjectStore

BODY = b"0123456789" * 1_000


class BreakingServer(ThreadingHTTPServer):
    """Serves BODY for any GET, after the faults that a test lined up, one per request."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Breaking)
        self.faults: list[str] = []
        self.requests = 0
        self.over = threading.Event()


class _Breaking(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: BreakingServer

    def do_GET(self) -> None:
        self.server.requests += 1
        fault = self.server.faults.pop(0) if self.server.faults else "none"
        getattr(self, f"_{fault}")()

    def do_PUT(self) -> None:
        self.server.requests += 1
        self.rfile.read(int(self.headers["Content-Length"]))
        fault = self.server.faults.pop(0) if self.server.faults else "stored"
        getattr(self, f"_{fault}")()

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def _head(self, status: int = 200, size: int = len(BODY), **headers: str) -> None:
        self.send_response(status)
        self.send_header("ETag", '"abc"')
        self.send_header("Content-Length", str(size))
        self.send_header("Last-Modified", "Mon, 23 Nov 2026 10:00:00 GMT")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def _none(self) -> None:
        self._head()
        self.wfile.write(BODY)

    def _stored(self) -> None:
        self._head(size=0)

    def _error_in_200(self) -> None:
        self._error(200, "InternalError")

    def _gone(self) -> None:
        """The connection ends before there is an answer."""
        self.close_connection = True

    def _silent(self) -> None:
        """No answer in the time that anybody waits for one."""
        self.server.over.wait(30)
        self.close_connection = True

    def _truncated(self) -> None:
        self._head()
        self.wfile.write(BODY[:500])
        self.close_connection = True

    def _reset(self) -> None:
        self._truncated()
        self.connection.setsockopt(1, 13, b"\1\0\0\0\0\0\0\0")  # SO_LINGER 0: close with RST

    def _corrupt(self) -> None:
        self._head(x_amz_checksum_crc32="AAAAAA==")
        self.wfile.write(BODY)

    def _stalled(self) -> None:
        self._head()
        self.wfile.write(BODY[:500])
        self.server.over.wait(30)
        self.close_connection = True

    def _dripping(self) -> None:
        self._head()
        for byte in BODY:
            if self.server.over.wait(0.05):
                break
            try:
                self.wfile.write(bytes([byte]))
            except OSError:
                break
        self.close_connection = True

    def _error(self, status: int, code: str) -> None:
        body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>So.</Message></Error>"
        self._head(status, len(body))
        self.wfile.write(body.encode())

    def _slow_down(self) -> None:
        self._error(503, "SlowDown")

    def _internal(self) -> None:
        self._error(500, "InternalError")

    def _conflict(self) -> None:
        self._error(400, "AuthorizationHeaderMalformed")

    def _archived(self) -> None:
        self._error(403, "InvalidObjectState")

    def _skewed(self) -> None:
        self._error(403, "RequestTimeTooSkewed")

    def _expired(self) -> None:
        self._error(400, "ExpiredToken")

    def _page(self) -> None:
        """A captive portal: 200, but no S3 at all."""
        self.send_response(200)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"<ht>")


@pytest.fixture
def breaking(monkeypatch) -> Iterator[BreakingServer]:
    """The environment leads boto3 to a server that breaks."""
    with BreakingServer() as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        yield server
        server.over.set()
        server.shutdown()


ADDRESS = S3Address("b", "a.jpg")


@pytest.mark.parametrize("fault", ["truncated", "reset", "corrupt", "stalled"])
def test_a_broken_body_is_fetched_again(breaking, tmp_path, fault):
    """A body that is cut, reset, damaged or stalled once costs a retry, never a wrong byte."""
    store = ObjectStore.connect(read_seconds=0.3)
    breaking.faults = [fault]
    assert store.get(ADDRESS) == BODY
    breaking.faults = [fault]
    store.download(ADDRESS, tmp_path / "file", max_bytes=len(BODY))
    assert (tmp_path / "file").read_bytes() == BODY
    assert breaking.requests == 4


@pytest.mark.parametrize("fault", ["truncated", "corrupt"])
def test_a_body_that_stays_broken_is_given_up(breaking, tmp_path, fault):
    """After three tries the break is reported as retryable, and no file is left."""
    store = ObjectStore.connect()
    breaking.faults = [fault] * 9
    with pytest.raises(errors.DownloadBroken) as caught:
        store.download(ADDRESS, tmp_path / "file", max_bytes=len(BODY))
    assert caught.value.retryable
    assert breaking.requests == 3
    assert list(tmp_path.iterdir()) == []


def test_a_body_that_drips_is_cut_at_the_deadline(breaking):
    """No read timeout ends a drip, but the deadline does, and it is not tried again."""
    breaking.faults = ["dripping"] * 9
    with pytest.raises(errors.StorageUnavailable, match="did not come in time"):
        ObjectStore.connect(patience_seconds=0.3).get(ADDRESS)
    assert breaking.requests == 1


@pytest.mark.parametrize("faults", [["internal", "slow_down"], ["gone", "gone"], ["silent"]])
def test_passing_faults_before_the_answer_are_retried(breaking, faults):
    """500, SlowDown, a reset and a time-out: tried again by botocore, not by us on top."""
    breaking.faults = list(faults)
    assert ObjectStore.connect(read_seconds=0.3).get(ADDRESS) == BODY
    assert breaking.requests == len(faults) + 1


@pytest.mark.parametrize(
    "faults", [["internal", "slow_down"], ["gone", "gone"], ["silent"], ["error_in_200"]]
)
def test_an_upload_is_tried_again_too(breaking, faults):
    """The same faults, and an error that comes as 200; a key's object is the same each time."""
    breaking.faults = list(faults)
    store = ObjectStore.connect(read_seconds=0.3)
    assert store.put(ADDRESS, BODY, content_type="image/jpeg") == "abc"
    assert breaking.requests == len(faults) + 1


def test_an_upload_that_is_refused_is_tried_once(breaking):
    """What no retry cures."""
    breaking.faults = ["expired"] * 9
    with pytest.raises(errors.AccessDenied):
        ObjectStore.connect().put(ADDRESS, BODY, content_type="image/jpeg")
    assert breaking.requests == 1


def test_a_lasting_fault_is_unavailable(breaking):
    """A server that only answers SlowDown is asked four times, then it is a retryable error."""
    breaking.faults = ["slow_down"] * 9
    with pytest.raises(errors.StorageUnavailable, match="SlowDown"):
        ObjectStore.connect().get(ADDRESS)
    assert breaking.requests == 4


def test_a_wrong_clock_is_named_and_may_be_set_right(breaking):
    """S3 refuses what is signed at another time; that is no fault of the item, nor for ever."""
    breaking.faults = ["skewed"]
    with pytest.raises(errors.ClockSkewed, match="clock") as caught:
        ObjectStore.connect().get(ADDRESS)
    assert caught.value.retryable


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("conflict", errors.StorageRefused),
        ("archived", errors.StorageRefused),
        ("expired", errors.AccessDenied),
        ("page", errors.StorageRefused),
    ],
)
def test_a_refusal_is_final_and_named(breaking, fault, expected):
    """What no retry cures is asked once and named."""
    breaking.faults = [fault]
    with pytest.raises(expected) as caught:
        ObjectStore.connect().get(ADDRESS)
    assert not caught.value.retryable
    assert breaking.requests == 1
