"""The body of an answer, read whole or not at all.

botocore retries a request until its answer begins, and never a body: what breaks there (cut
short, stalled, a wrong checksum) is retried here, as one unit of request and body.
Not covered: a server that drips the *headers* of its answer is bound by the read timeout only.
"""

import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import stamina
from botocore.exceptions import BotoCoreError
from botocore.response import StreamingBody
from urllib3.exceptions import HTTPError

from shared import errors
from shared.s3.faults import reason_of
from shared.s3.info import ObjectInfo

#: Tries of a whole download.
ATTEMPTS = 3
#: Bytes held in memory at a time when an object streams to a file.
CHUNK_BYTES = 1 << 20

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Download:
    """The body of an answer, to be read once, before its deadline."""

    #: Of the whole object.
    info: ObjectInfo
    body: StreamingBody
    #: Of the body, in bytes, as the answer's header states it.
    size: int
    #: On the monotonic clock, in seconds.
    deadline: float

    @property
    def is_part(self) -> bool:
        """Whether the body is a part of the object, as asked, and not all of it."""
        return self.size < self.info.size

    def read(self) -> bytes:
        """All of it.

        Raises:
            DownloadBroken: The bytes did not arrive whole and intact.
            StorageUnavailable: They did not arrive in time.
        """
        return b"".join(self._chunks(None))

    def write(self, path: Path) -> None:
        """Stream it to a file, which appears under its name only when it is whole.

        Raises:
            DiskFailed: The file cannot be written.
            DownloadBroken: The bytes did not arrive whole and intact.
            StorageUnavailable: They did not arrive in time.
        """
        part = _part_beside(path)
        try:
            with _disk(path), part.open("wb") as sink:
                for chunk in self._chunks(CHUNK_BYTES):
                    sink.write(chunk)
            with _disk(path):
                part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    def _chunks(self, chunk_bytes: int | None) -> Iterator[bytes]:
        done = 0
        with _cut_at(self.deadline, self.body):
            while chunk := self._next_chunk(chunk_bytes):
                done += len(chunk)
                yield chunk
        if done != self.size:
            raise self._broken(f"{done} of {self.size} bytes came")

    def _next_chunk(self, chunk_bytes: int | None) -> bytes:
        try:
            return self.body.read(chunk_bytes)
        except (BotoCoreError, HTTPError, OSError) as error:
            raise self._broken(reason_of(error)) from error

    def _broken(self, reason: str) -> errors.StorageUnavailable:
        if time.monotonic() < self.deadline:
            return errors.DownloadBroken(address=self.info.address, reason=reason)
        late = f"its {self.size} bytes did not come in time"
        return errors.StorageUnavailable(
            address=self.info.address, operation="GetObject", reason=late
        )


def retried(download: Callable[P, R]) -> Callable[P, R]:
    """Try a whole download again when its body broke."""
    return stamina.retry(
        on=errors.DownloadBroken,
        attempts=ATTEMPTS,
        timeout=None,  # all tries have one deadline, at which they are cut
        wait_initial=0.1,
        wait_max=5.0,
        wait_jitter=0.5,
    )(download)


@contextmanager
def _cut_at(deadline: float, body: StreamingBody) -> Iterator[None]:
    """Shut the connection down at a time: a read timeout never ends a body that drips."""
    with body as raw:
        timer = threading.Timer(max(deadline - time.monotonic(), 0), _cut, [raw])
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


def _cut(raw: Any) -> None:
    with suppress(ValueError, RuntimeError, OSError):  # the body came to its end just before
        raw.shutdown()


def _part_beside(path: Path) -> Path:
    """An empty file of a random name in the path's folder."""
    with _disk(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            dir=path.parent, prefix=f".{path.name}.", delete=False
        ) as part:
            return Path(part.name)


@contextmanager
def _disk(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise errors.DiskFailed(path=path, reason=error.strerror or str(error)) from error
