"""Deadline: cuts a connection whose other end is slow on purpose, or by accident."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator


class Deadline:
    """A moment by which something must be over."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    @property
    def left_seconds(self) -> float:
        """Until then; 0 when it is over."""
        return max(self._end - time.monotonic(), 0.0)

    @property
    def over(self) -> bool:
        """Whether it has passed."""
        return self.left_seconds == 0.0

    @contextlib.contextmanager
    def cutting(self, sock: socket.socket) -> Iterator[None]:
        """Cut the socket when the deadline comes while the block runs.

        A socket's own timeout begins anew with every byte.
        """
        timer = threading.Timer(self.left_seconds, _cut, [sock])
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


def _cut(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it was closed meanwhile
        # Not SSLSocket's own, which takes TLS away under the thread that reads.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
