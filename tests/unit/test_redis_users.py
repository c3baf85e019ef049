"""The users in infra/redis/users.conf have the rights that the board's scripts need."""

import re
from pathlib import Path

import pytest

from shared.board.scripts import _KEY_PARTS, load_scripts
from shared.keys import BoardKeys

FILE = Path(__file__).parents[2] / "infra" / "redis" / "users.conf"
USERS = dict(re.findall(r"^user restyle-(\w+) on (.*)$", FILE.read_text(), flags=re.MULTILINE))
#: Commands that change nothing.
READING = {
    *(
        "exists",
        "hget",
        "hgetall",
        "hkeys",
        "hlen",
        "hmget",
        "llen",
        "lrange",
        "scard",
        "sismember",
    ),
    *("smembers", "time", "zcard", "zcount", "zrange", "zrangebyscore", "zrevrange", "zscore"),
}


def rights(user: str) -> set[str]:
    """The commands that a user may run."""
    return set(re.findall(r" \+(\S+)", USERS[user]))


def commands() -> set[str]:
    """Every command of every script."""
    calls = (re.findall(r"redis\.call\('([A-Z]+)'", text) for text in load_scripts().values())
    return {call.lower() for found in calls for call in found}


@pytest.mark.parametrize("user", ["worker", "steward", "producer"])
def test_who_writes_to_the_board_may_run_all_of_every_script(user):
    """A script that is refused half-way leaves half a move; a new command belongs in the file."""
    assert commands() - rights(user) == set()


def test_a_reader_may_run_what_reads_and_nothing_else():
    """So no script of its can change anything."""
    assert commands() & READING <= rights("reader")
    connecting = {"ping", "select", "info", "evalsha"}
    others = {right for right in rights("reader") if "|" not in right}
    assert others - READING == connecting


@pytest.mark.parametrize("user", USERS)
def test_nobody_may_do_what_nobody_needs(user):
    """No user of ours administers Redis, lists its keys or listens to its channels."""
    words = USERS[user].split()
    assert {"-@all", "resetchannels"} <= set(words)
    forbidden = {"flushall", "flushdb", "config", "keys", "scan", "acl", "eval", "publish", "debug"}
    assert not rights(user) & forbidden
    assert all(word.startswith("~restyle:") for word in words if word.startswith("~"))


def test_no_key_of_the_board_lies_where_a_queue_does():
    """The file tells them apart by one letter."""
    keys = BoardKeys("restyle")
    for name, parts in _KEY_PARTS.items():
        built = getattr(keys, name)
        key = built(*["x"] * parts) if callable(built) else built
        assert not key.startswith("restyle:q")
