"""A Redis with an append-only file that is killed and started anew, on its port and folder."""

import contextlib
import signal
import socket
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from infra.demo import services

#: Longest wait for it to end.
END_SECONDS = 20.0


class KeptRedis:
    """Runs while the `with` block does, but for its restarts."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._port = folder, services.free_port()
        self._lock = threading.Lock()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._stack.close()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"redis://127.0.0.1:{self._port}/0"

    def _start(self) -> None:
        server = services.redis_server(self.folder, port=self._port)
        self._process = self._stack.enter_context(server).process

    def restart(self, signum: signal.Signals, pause_seconds: float) -> None:
        """End it by a signal, wait, and start it on what its file holds."""
        with self._lock:
            self._process.send_signal(signum)
            self._process.wait(END_SECONDS)
            self._stack.close()
            time.sleep(pause_seconds)
            self._start()

    def say(self, line: str) -> None:
        """Send it a command in plain words; while it is away it gets none."""
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", self._port), timeout=2) as link,
        ):
            link.sendall(f"{line}\r\n".encode())
            link.recv(1024)
