"""Real servers for every tier: Redis, and two S3 servers of different make."""

import functools
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import structlog
from botocore.loaders import JSONFileLoader
from xdist.scheduler import LoadScopeScheduling

from infra.demo import services

ROOT = Path(__file__).parents[1]

# Several processes that each compute on all cores wait for each other, spinning: a training of ten
# seconds took two minutes. torch reads it when it is imported, which is later.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# How long an example takes is the machine's business: a slow one is no failure.
hypothesis.settings.register_profile("restyle", deadline=None)
hypothesis.settings.load_profile("restyle")

#: Variables that would lead a test to somebody's real account or settings.
FOREIGN = ("AWS_", "RESTYLE_", "HF_", "XDG_")


class _ByModule(LoadScopeScheduling):
    """What a module makes once, one process makes: its tests stay together, all others spread."""

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.partition("::")[0]
        return module if _makes_something(module) else nodeid


@functools.cache
def _makes_something(module: str) -> bool:
    text = (ROOT / module).read_text(encoding="utf-8")
    return module.startswith("tests/acceptance/") or 'scope="module"' in text


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Instead of `--dist loadgroup`, which this pytest and xdist do not do together."""
    return _ByModule(config, log)


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch, tmp_path):
    """No test sees the user's own accounts, settings or caches."""
    kept = {"AWS_CA_BUNDLE"}
    for name in [name for name in os.environ if name.startswith(FOREIGN) and name not in kept]:
        monkeypatch.delenv(name)
    for kind in ("CONFIG", "CACHE", "STATE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / kind.lower()))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-aws-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-aws-credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("RESTYLE_LOG_FORMAT", "json")


@pytest.fixture(scope="session", autouse=True)
def parsed_once() -> Iterator[None]:
    """Parse botocore's own files once a process: it reads a megabyte of JSON for each client.

    It was half of the time of the store's contract; nobody writes into what was parsed.
    """
    with pytest.MonkeyPatch.context() as patch:
        read = functools.lru_cache(maxsize=64)(JSONFileLoader()._load_file)
        patch.setattr(JSONFileLoader, "_load_file", staticmethod(read))
        yield


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory) -> Iterator[services.RedisServer]:
    """One Redis for the session; tests keep apart by their namespace."""
    with services.redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def namespace() -> str:
    """A Redis namespace of this test's own."""
    return f"t-{uuid.uuid4().hex[:12]}"


@pytest.fixture(scope="session")
def rclone_server(tmp_path_factory) -> Iterator[services.S3Server]:
    """`rclone serve s3`: checks signatures, keeps objects on disk."""
    with services.s3_server(tmp_path_factory.mktemp("rclone")) as server:
        yield server


@pytest.fixture(scope="session")
def moto_server(tmp_path_factory) -> Iterator[services.S3Server]:
    """Moto's server: another reading of the S3 API; it checks no credentials."""
    folder, port = tmp_path_factory.mktemp("moto"), services.free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    own = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    with services.running(command, port, folder / "moto.log", own) as process:
        endpoint = f"http://127.0.0.1:{port}"
        yield services.S3Server(endpoint, "RESTYLEMOTO", "secret", folder, process)


@pytest.fixture
def s3_environment(rclone_server, monkeypatch) -> services.S3Server:
    """The environment leads boto3 to rclone's server."""
    for name, value in rclone_server.environment.items():
        monkeypatch.setenv(name, value)
    return rclone_server


@pytest.fixture
def bucket(s3_environment) -> Path:
    """A fresh bucket on rclone's server, as its directory; the bucket's name is the folder's."""
    return s3_environment.make_bucket(f"b-{uuid.uuid4().hex[:12]}")


@pytest.fixture
def restyle_environment(s3_environment, redis_server, namespace, monkeypatch) -> str:
    """The environment of a whole installation on the test servers; returns the namespace."""
    monkeypatch.setenv("RESTYLE_REDIS_URL", redis_server.url)
    monkeypatch.setenv("RESTYLE_NAMESPACE", namespace)
    return namespace


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Append processes that the test starts; they are ended with it."""
    processes: list[subprocess.Popen[bytes]] = []
    yield processes
    for process in processes:
        services.stop(process, seconds=5)


@pytest.fixture(autouse=True)
def _own_logs() -> Iterator[None]:
    """What a command set up for its logs ends with the test that ran it."""
    yield
    structlog.reset_defaults()


def _builders():
    # Here, so that tests without models do not wait for torch.
    from tests import tiny_models  # noqa: PLC0415

    return tiny_models


@pytest.fixture(scope="session")
def tiny_segmenter(tmp_path_factory) -> Path:
    """Directory of a tiny CLIPSeg; read only."""
    return _builders().build_segmenter(tmp_path_factory.mktemp("segmenter"))


@pytest.fixture(scope="session")
def tiny_painter(tmp_path_factory) -> Path:
    """Directory of a tiny inpainting pipeline; read only."""
    return _builders().build_painter(tmp_path_factory.mktemp("painter"))
