"""infra/redis/users.conf as Redis itself reads it."""

from pathlib import Path

import pytest
import redis

from infra.demo import services

FILE = Path(services.__file__).parents[1] / "redis" / "users.conf"
PARTS = ("worker", "steward", "producer", "reader")
USERS = {"admin", "default"} | {f"restyle-{part}" for part in PARTS}


def _included(folder: Path) -> str:
    return f"include {FILE}\n"


def _as_aclfile(folder: Path) -> str:
    lines = [line for line in FILE.read_text().splitlines() if line.startswith("user")]
    (folder / "users.acl").write_text("\n".join(lines) + "\n")
    return f"aclfile {folder / 'users.acl'}\n"


@pytest.mark.parametrize("write", [_included, _as_aclfile])
def test_both_ways_of_loading_the_file_work(tmp_path, write):
    """Included, or without its comments as an aclfile: every user is there, and nobody else."""
    port = services.free_port()
    conf = tmp_path / "redis.conf"
    conf.write_text(f"port {port}\nbind 127.0.0.1\ndir {tmp_path}\n{write(tmp_path)}")
    command = [services.redis_executable(), str(conf)]
    with services.running(command, port, tmp_path / "redis.log"):
        with redis.Redis(port=port) as nobody, pytest.raises(redis.AuthenticationError):
            nobody.ping()
        admin = redis.Redis(
            port=port, username="admin", password="CHANGE-ME-admin", decode_responses=True
        )
        with admin:
            assert set(admin.acl_users()) == USERS
