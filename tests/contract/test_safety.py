"""A Redis whose settings change while everybody runs: told once, and no new work is taken."""

import pytest
import redis
from structlog.testing import capture_logs

from infra.demo import services
from shared.board import StatusBoard
from shared.errors import RedisFull, RedisUnsafe
from shared.safety import Safety
from shared.settings import Settings


@pytest.fixture
def server(tmp_path):
    """A Redis of this test's own."""
    with services.redis_server(tmp_path) as made:
        yield made


@pytest.fixture
def board(server):
    """The board on it."""
    made = StatusBoard.connect(Settings(redis_url=server.url))
    yield made
    made.close()


@pytest.mark.parametrize(
    ("setting", "bad", "good", "refusal"),
    [
        ("maxmemory-policy", "allkeys-lru", "noeviction", RedisUnsafe),
        ("appendonly", "no", "yes", RedisUnsafe),
        ("maxmemory", "1mb", "0", RedisFull),
    ],
)
def test_a_setting_that_changes_is_told_once_and_its_return_too(
    server, board, setting, bad, good, refusal
):
    """One line when it becomes unsafe, one when it is safe; in between new work is refused."""
    safety = Safety(board, look_seconds=0)
    with redis.Redis.from_url(server.url) as client, capture_logs() as lines:
        safety.look()
        client.config_set(setting, bad)
        safety.look()
        safety.look()
        with pytest.raises(refusal):
            board.refuse_new_work()
        client.config_set(setting, good)
        safety.look()
        safety.look()
    assert [line["event"] for line in lines] == [
        "Redis is not safe for items",
        "Redis is safe for items again",
    ]
    board.refuse_new_work()


def test_a_look_counts_for_a_while_and_an_absent_redis_is_none(server, board):
    """Whoever beats every second does not ask every second; who is away is told by others."""
    safety = Safety(board)
    with redis.Redis.from_url(server.url) as client, capture_logs() as lines:
        safety.look()
        client.config_set("appendonly", "no")
        safety.look()
        services.stop(server.process)
        Safety(board).look()
    assert lines == []
