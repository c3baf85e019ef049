"""An installation for each module of this tier."""

import uuid
from collections.abc import Iterator

import pytest

from infra.demo import services
from shared.settings import child_environment
from tests.installation import Installation


@pytest.fixture(scope="module")
def installation(redis_server, rclone_server, tmp_path_factory) -> Iterator[Installation]:
    """An installation of this module's own: its namespace, its bucket."""
    folder = tmp_path_factory.mktemp("installation")
    name = f"i-{uuid.uuid4().hex[:10]}"
    bucket = rclone_server.make_bucket(name)
    own = {
        "RESTYLE_REDIS_URL": redis_server.url,
        "RESTYLE_NAMESPACE": name,
        "RESTYLE_LOG_FORMAT": "json",
        "RESTYLE_LEASE_SECONDS": "4",
        "RESTYLE_THREADS": "8",
        "XDG_CACHE_HOME": str(folder / "cache"),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": "1",
    }
    environment = child_environment(rclone_server.environment | own, without=("RESTYLE_", "AWS_"))
    made = Installation(folder, bucket, environment)
    yield made
    for process in made.processes:
        services.stop(process, seconds=10)
