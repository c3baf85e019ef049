"""A system whose users have their least rights, and whose secrets nobody may read anywhere."""

import json
import re
import signal
import subprocess
import uuid
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
import redis
from redis.exceptions import NoPermissionError

from infra.demo import services
from shared.board import StatusBoard
from shared.errors import RedisForbidden
from shared.queue import Publisher, celery_app
from shared.settings import Settings
from tests.installation import DEMO_MODELS, Installation, wait_until

USERS = Path(services.__file__).parents[1] / "redis" / "users.conf"
ROLES = ("worker", "steward", "producer", "reader")
NOWHERE = "127.0.0.1:1"
STYLE = f"""
mask: the dress
paint: a red dress
working_size: 128
steps: 2
segmenter: {DEMO_MODELS}/clipseg
painter: {DEMO_MODELS}/inpaint
"""


@dataclass
class Closed:
    """One Redis with our users, the system on it, and everything that it said."""

    installation: Installation
    port: int
    namespace: str
    secrets: dict[str, str]
    said: list[str] = field(default_factory=list)
    #: What the users of the system were refused while it worked.
    refused: list[dict[str, str]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def url(self, role: str, kind: str = "board") -> str:
        """Where a role logs in; board and broker have a password each."""
        password = quote(self.secrets[f"{role} {kind}"], safe="")
        return f"redis://restyle-{role}:{password}@127.0.0.1:{self.port}/0"

    def settings(self, role: str) -> Settings:
        """A role's settings, in this process."""
        return Settings(redis_url=self.url(role), namespace=self.namespace)

    def of(self, role: str, **changes: str) -> Installation:
        """The programs as a role runs them."""
        urls = {"RESTYLE_REDIS_URL": self.url(role), "RESTYLE_BROKER_URL": self.url(role, "broker")}
        environment = self.installation.environment | urls | changes
        return replace(self.installation, environment=environment)

    def restyle(self, role: str, *arguments: str, **changes: str) -> subprocess.CompletedProcess:
        """Run a command, and note what it said."""
        done = self.of(role, **changes).restyle(*arguments)
        self.said.append(done.stdout + done.stderr)
        return done


@pytest.fixture(scope="module")
def closed(installation, rclone_server, tmp_path_factory):
    """The system has rendered a batch with a failing item, and met what goes wrong."""
    with services.redis_server(tmp_path_factory.mktemp("closed")) as server:
        admin = redis.Redis.from_url(server.url, decode_responses=True)
        system = _system(installation, rclone_server, server.port)
        _make_users(admin, system)
        _work(system)
        log = [entry for entry in admin.acl_log() if entry["username"].startswith("restyle-")]
        # Clients introduce themselves, and go on without.
        system.refused = [entry for entry in log if entry["object"] != "client"]
        Path("/tmp/sec/acl.log").write_text("\n".join(map(str, system.refused)))
        _meet_trouble(system)
        system.said += [installation.logs(), *_whole_redis(admin), *_whole_bucket(installation)]
        yield system
        admin.close()


def _system(installation, s3, port):
    """Recognisable secrets, with what a URL must escape."""
    names = [f"{role} {kind}" for role in ROLES for kind in ("board", "broker")]
    secrets = {name: f"geheim/{uuid.uuid4().hex}:@ {name}" for name in (*names, "session", "proxy")}
    secrets |= {"aws": s3.secret_key, "hub": f"hf_{uuid.uuid4().hex}"}
    environment = {
        "AWS_SESSION_TOKEN": secrets["session"],
        "HF_TOKEN": secrets["hub"],
        "RESTYLE_LOG_LEVEL": "debug",
        "COLUMNS": "1000",  # a secret that a table folds would not be found
        "RESTYLE_OUTPUT": f"{installation.prefix}out/",
    }
    installed = replace(installation, environment=installation.environment | environment)
    return Closed(installed, port, installation.environment["RESTYLE_NAMESPACE"], secrets)


def _make_users(admin, system):
    """The users of the file, in this namespace; `default` stays for the test itself."""
    text = USERS.read_text().replace("restyle:", f"{system.namespace}:")
    text = re.sub(r"([:.])restyle-items", rf"\1{system.namespace}-items", text)
    for role, rules in re.findall(r"^user restyle-(\w+) on >\S+ (.*)$", text, re.MULTILINE):
        passwords = [f">{system.secrets[f'{role} {kind}']}" for kind in ("board", "broker")]
        admin.execute_command("ACL", "SETUSER", f"restyle-{role}", "on", *passwords, *rules.split())


def _work(system):
    """Submit, watch, look: each by the user whose part it is."""
    row = system.installation.shelve("closed")
    gone = {"external_id": "gone", "source": row["source"] + ".gone"}
    rows = [row | {"external_id": "fine"}, row | gone]
    worker = system.of("worker").worker(RESTYLE_THREADS="2")
    steward = system.of("steward").start("producer", "steward", "--interval", "1")
    batch_id = system.of("producer").submit(rows, STYLE)
    reader = system.of("reader")
    watched = system.restyle("reader", "watch", batch_id, "--timeout", "90")
    assert watched.returncode == 1, watched.stdout + watched.stderr + reader.logs()
    wait_until(lambda: list(reader.bucket.rglob("results.jsonl")))
    for arguments in (("status", batch_id), ("items", batch_id), ("results", batch_id), ("dead",)):
        done = system.restyle("reader", *arguments, "--json")
        assert done.returncode == 0, done.stdout + done.stderr
    assert system.restyle("reader", "doctor", "--json").returncode == 0
    assert system.restyle("producer", "retry", batch_id).returncode == 0
    assert system.restyle("producer", "cancel", batch_id).returncode == 0
    for process in (worker, steward):
        process.send_signal(signal.SIGTERM)
    assert [process.wait(60) for process in (worker, steward)] == [0, 0], reader.logs()
    system.counts = json.loads(system.restyle("reader", "status", batch_id, "--json").stdout)


def _meet_trouble(system):
    """Everything that can be wrong about a server whose address holds a secret."""
    secret = quote(system.secrets["proxy"], safe="")
    away, odd = f"redis://u:{secret}@{NOWHERE}/0", f"redis://u:{secret}@h/one"
    wrong = system.url("reader").replace("reader:", f"reader:{secret}")
    s3 = {"AWS_ENDPOINT_URL_S3": f"http://u:{secret}@{NOWHERE}"}
    ended = [system.of("worker", RESTYLE_REDIS_URL=url).worker() for url in (away, wrong, odd)]
    ended.append(system.of("reader").worker())
    style = str(system.installation.folder / "style.yaml")
    for arguments, changes, status in (
        (("config", "show"), {}, 0),
        (("config", "show", "--json"), {}, 0),
        (("status",), {"RESTYLE_REDIS_URL": away}, 3),
        (("status", "--json"), {"RESTYLE_REDIS_URL": wrong}, 3),
        (("doctor",), {"RESTYLE_REDIS_URL": odd}, 1),
        (("doctor", "--json"), {"RESTYLE_BROKER_URL": away, **s3}, 1),
        (("submit", "--manifest", "s3://b/p/", "--style", style, "--json"), s3, 3),
    ):
        done = system.restyle("reader", *arguments, **changes)
        assert done.returncode == status, done.stdout + done.stderr
    assert [process.wait(60) for process in ended] == [3, 3, 2, 3]


def _whole_redis(admin):
    """Every value in Redis, as text."""
    readers = {"hash": admin.hgetall, "list": lambda key: admin.lrange(key, 0, -1)}
    readers |= {"set": admin.smembers, "zset": lambda key: admin.zrange(key, 0, -1)}
    keys = [key for key in admin.keys("*") if admin.type(key) in readers]
    return [f"{key} {readers[admin.type(key)](key)}" for key in keys]


def _whole_bucket(installation):
    files = [path for path in installation.bucket.rglob("*") if path.is_file()]
    return [path.read_bytes().decode("latin-1") for path in files]


def test_the_least_rights_are_enough(closed):
    """Worker, steward and command line did all their work, and Redis refused them nothing."""
    assert closed.refused == []
    counts = closed.counts["counts"]
    assert (counts["done"], counts["failed"] + counts["cancelled"]) == (1, 1)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "command",
    [
        "FLUSHALL", "FLUSHDB", "CONFIG GET *", "KEYS *", "SCAN 0", "ACL LIST", "DEBUG SLEEP 0",
        "EVAL return 0", "PUBLISH channel text", "HGET other:batches x", "HSET other:x y z",
        "SHUTDOWN", "CLIENT LIST", "MONITOR", "SAVE", "REPLICAOF no one",
    ],
)  # fmt: skip
def test_nobody_may_do_what_nobody_needs(closed, role, command):
    """Redis itself, its other keys and its channels are closed to every user of ours."""
    with redis.Redis.from_url(closed.url(role)) as client, pytest.raises(NoPermissionError):
        client.execute_command(*command.split(), *(["0"] if command.startswith("EVAL") else []))


def test_a_producer_takes_no_message(closed):
    """It may put hints into the items' queue, and neither take any out nor use another queue."""
    queue = f"{closed.namespace}:queue:{closed.namespace}-items"
    with redis.Redis.from_url(closed.url("producer")) as client:
        for command in ("RPOP", "LPOP", "BRPOP"):
            with pytest.raises(NoPermissionError):
                client.execute_command(command, queue, 1)
        with pytest.raises(NoPermissionError):
            client.lpush(f"{closed.namespace}:queue:{closed.namespace}-steward", "x")


def test_a_reader_changes_nothing_and_is_told_so(closed):
    """A refused move is one sentence with a code, from a script as from a message."""
    board = StatusBoard.connect(closed.settings("reader"))
    with pytest.raises(RedisForbidden, match="lacks a right: The user executing the script"):
        board.report_worker("w", {})
    board.close()
    app = celery_app(closed.settings("reader"))
    with pytest.raises(RedisForbidden, match="lacks a right: this user has no permissions"):
        Publisher(app).backlog()
    app.close()
    assert "error redis_forbidden: The user of Redis at" in "".join(closed.said)
    told = closed.restyle("reader", "dead", "--clear", "--json")
    assert told.returncode == 3
    assert json.loads(told.stdout)["error"]["code"] == "redis_forbidden"


def test_no_secret_is_told_anywhere(closed):
    """Not in logs, answers, errors or `--json`, nor on the board, in the queue or in results."""
    said = "\n".join(closed.said)
    assert "restyle-reader:***@" in said
    for name, secret in closed.secrets.items():
        for form in {secret, quote(secret, safe=""), quote(secret), quote_plus(secret)}:
            at = said.find(form)
            assert at < 0, f"{name}: {said[max(at - 200, 0) : at + 50]}"
