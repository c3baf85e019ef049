"""What people are told when Redis is away, full or unsafe: one sentence, from every command."""

import subprocess
import sys

import pytest
import redis
from typer.testing import CliRunner

from infra.demo import services
from producer.cli import ROOMS, app

#: Commands that do not ask Redis first, and why.
OTHERS = {"check", "config", "index", "models", "doctor", "steward"}  # never; tells all; waits

STYLE = "mask: the dress\npaint: a red dress\n"


@pytest.fixture
def commands(tmp_path):
    """The arguments of every command that needs Redis."""
    style, manifest = tmp_path / "style.yaml", tmp_path / "rows.csv"
    style.write_text(STYLE)
    manifest.write_text("source\ns3://shop/a.jpg\n")
    files = ("--manifest", str(manifest), "--style", str(style), "--output", "s3://shop/out/")
    others = {"submit": files, "plan": files, "replay": ("s3://shop/out/a.json",)}
    others |= dict.fromkeys(("approve", "reject"), ("spring", "--state", "held"))
    others |= {"undo": ("spring", "d1"), "rerender": ("spring", "SKU-1")}
    others |= {"status": (), "dead": (), "webhooks": ("list",), "schedule": ("list",)}
    others |= {"serve": (), "token": ("list",)}
    return {name: (name, *others.get(name, ("spring",))) for name in ROOMS if name not in OTHERS}


@pytest.mark.parametrize("name", [name for name in ROOMS if name not in OTHERS])
def test_every_command_says_in_one_sentence_that_redis_is_away(
    restyle_environment, monkeypatch, commands, name
):
    """Status 3, a code, where it was looked for and what to do; no traceback."""
    address = f"redis://127.0.0.1:{services.free_port()}/0"
    monkeypatch.setenv("RESTYLE_REDIS_URL", address)
    done = CliRunner().invoke(app, commands[name])
    assert done.exit_code == 3, done.output
    first, hint = done.stderr.strip().splitlines()
    assert first.startswith(f"error redis_unreachable Redis at {address} cannot be reached: ")
    assert hint == "  → Start Redis or correct RESTYLE_REDIS_URL."


@pytest.mark.parametrize("name", ["submit", "retry", "replay", "approve"])
@pytest.mark.parametrize(
    ("setting", "value", "code"),
    [("maxmemory-policy", "allkeys-lru", "redis_unsafe"), ("maxmemory", "1mb", "redis_full")],
)
def test_new_work_is_refused_by_every_command_that_brings_some(
    restyle_environment, monkeypatch, tmp_path, commands, name, setting, value, code
):
    """Before anything is read or queued, on a Redis that may lose it or has no room for it."""
    with services.redis_server(tmp_path / "redis") as server:
        monkeypatch.setenv("RESTYLE_REDIS_URL", server.url)
        with redis.Redis.from_url(server.url) as client:
            client.config_set(setting, value)
            done = CliRunner().invoke(app, commands[name])
            assert client.dbsize() == 0
    assert done.exit_code == 3, done.output
    assert done.stderr.startswith(f"error {code} ")


@pytest.mark.parametrize("program", [("worker", "--devices", "cpu"), ("producer", "steward")])
def test_nobody_starts_on_a_redis_that_may_lose_items(
    restyle_environment, monkeypatch, tmp_path, program
):
    """Worker and steward say so and end."""
    with services.redis_server(tmp_path / "redis") as server:
        with redis.Redis.from_url(server.url) as client:
            client.config_set("appendonly", "no")
        monkeypatch.setenv("RESTYLE_REDIS_URL", server.url)
        command = [sys.executable, "-m", *program]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr.count("redis_unsafe")) == (3, 1), done.stderr
