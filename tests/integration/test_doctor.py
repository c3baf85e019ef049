"""The doctor, on real servers: what is well, what is not, and the one command for it."""

import json
import re
import subprocess
import sys
from collections.abc import Iterable

import pytest
import typer
from typer.testing import CliRunner

from infra.demo import services
from producer.cli import host
from producer.doctor import Check, examine
from producer.doctor.examination import examined
from producer.doctor.models import check_models
from producer.doctor.services import (
    check_broker,
    check_redis,
    check_region,
    check_s3,
    check_workers,
)
from shared.allowed import EVERYWHERE, AllowedPlaces
from shared.board import StatusBoard
from shared.settings import load_settings
from shared.styles import DEFAULT_PAINTER, Style, parse_style

VERDICTS = {"ok", "warn", "fail"}


@pytest.fixture
def style(tmp_path) -> Style:
    """A style whose models are directories that exist."""
    for name in ("segmenter", "painter"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.safetensors").write_bytes(b"weights")
    folders = {name: str(tmp_path / name) for name in ("segmenter", "painter")}
    return parse_style({"mask": "the dress", "paint": "a red dress", **folders}, where="test")


@pytest.fixture
def output(bucket) -> str:
    """An output prefix in a fresh bucket."""
    return f"s3://{bucket.name}/out"


def look(**asked) -> dict[str, Check]:
    """The whole examination by name; it imports torch in a child, so few tests want it."""
    return by_name(examine(load_settings(), **asked))


def by_name(checks: Iterable[Check]) -> dict[str, Check]:
    """Checks by name; the last of a name counts."""
    return {check.name: check for check in checks}


def test_on_a_whole_installation_all_is_well(restyle_environment, style, output, bucket):
    """Nothing fails, nothing that is well names a command, and no test object is left in S3."""
    board = StatusBoard.connect(load_settings())
    board.report_worker("host/cpu/0a1b2c3d", {})
    board.close()
    checks = look(style=style, output=output)
    assert {name: check.verdict for name, check in checks.items() if check.verdict != "ok"} == {}
    assert {check.command for check in checks.values()} == {None}
    servers = ["redis", "redis persistence", "redis memory", "workers", "s3"]
    assert list(checks)[2:-1] == [*servers, "segmenter", "painter"]
    assert [path for path in bucket.rglob("*") if path.is_file()] == []


def test_without_a_worker_somebody_is_told_to_start_one(restyle_environment):
    """What is submitted would wait: a warning with the command."""
    (check,) = check_workers(load_settings())
    assert (check.verdict, check.command) == ("warn", "restyle-worker")


def test_a_line_that_is_not_well_names_its_command(monkeypatch):
    """Without Redis, output and models, the rest is still looked at."""
    monkeypatch.setenv("RESTYLE_REDIS_URL", f"redis://:word@127.0.0.1:{services.free_port()}/0")
    checks = look()
    assert checks["redis"].verdict == "fail"
    assert "word" not in str(checks["redis"])
    assert checks["redis"].command.startswith("redis-cli -u redis://:***@127.0.0.1")
    assert (checks["s3"].verdict, checks["s3"].command) == (
        "warn",
        "restyle doctor --output s3://BUCKET/PREFIX/",
    )
    assert checks["workers"].verdict == "fail"
    assert "disk" in checks
    assert all(check.command for check in checks.values() if check.verdict != "ok")
    assert {check.verdict for check in checks.values()} <= VERDICTS


@pytest.fixture
def careless_redis(tmp_path, started) -> str:
    """A Redis as a package installs it: no append-only file, and an evicting policy."""
    port = services.free_port()
    command = [
        *(services.redis_executable(), "--port", str(port), "--bind", "127.0.0.1"),
        *("--dir", str(tmp_path), "--save", "", "--maxmemory-policy", "allkeys-lru"),
    ]
    with (tmp_path / "redis.log").open("wb") as log:
        started.append(subprocess.Popen(command, stdout=log, stderr=log))
    services._await_port(started[-1], port, tmp_path / "redis.log")
    return f"redis://127.0.0.1:{port}/0"


def test_a_careless_redis_fails_as_board(careless_redis, monkeypatch):
    """A board that may lose or drop items is a failure, each cured by its own command."""
    monkeypatch.setenv("RESTYLE_REDIS_URL", careless_redis)
    checks = by_name(check_redis(load_settings()))
    cli = f"redis-cli -u {careless_redis} config set"
    assert checks["redis"].verdict == "ok"
    assert checks["redis persistence"].verdict == checks["redis memory"].verdict == "fail"
    assert checks["redis persistence"].command == f"{cli} appendonly yes"
    assert checks["redis memory"].command == f"{cli} maxmemory-policy noeviction"


def test_a_careless_redis_is_a_warning_as_broker(careless_redis, redis_server, monkeypatch):
    """Messages are hints: a broker may lose them."""
    monkeypatch.setenv("RESTYLE_REDIS_URL", redis_server.url)
    monkeypatch.setenv("RESTYLE_BROKER_URL", careless_redis)
    checks = by_name(check_redis(load_settings()))
    assert {check.verdict for check in checks.values()} == {"ok"}
    checks = by_name(check_broker(load_settings()))
    assert checks["broker"].verdict == "ok"
    assert checks["broker persistence"].verdict == checks["broker memory"].verdict == "warn"


def test_the_same_redis_is_looked_at_once(redis_server, monkeypatch):
    """A broker URL that names the board's Redis adds no line."""
    monkeypatch.setenv("RESTYLE_REDIS_URL", redis_server.url)
    monkeypatch.setenv("RESTYLE_BROKER_URL", redis_server.url)
    assert list(check_broker(load_settings())) == []


@pytest.mark.parametrize(
    ("asked", "finding", "command"),
    [
        ("s3://no-such-bucket-here/out", "does not exist", "aws s3 mb s3://no-such-bucket-here"),
        ("bucket/out", "does not start with s3://", "restyle doctor --output s3://BUCKET/PREFIX/"),
    ],
)
def test_a_wrong_output_fails(s3_environment, asked, finding, command):
    """A bucket that is not there, or an address that is none."""
    check = tried(asked)
    assert (check.verdict, check.command) == ("fail", command)
    assert finding in check.finding


def tried(output: str) -> Check:
    """The check of S3, as the examination has it."""
    (check,) = examined("s3", lambda: check_s3(output, EVERYWHERE))
    return check


def test_wrong_keys_fail(output, monkeypatch):
    """S3 is tried with the very credentials that workers would use."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    check = tried(output)
    assert (check.verdict, check.command) == ("fail", "aws sts get-caller-identity")


def test_an_output_outside_of_the_allowed_places_fails(output):
    """The test object is written like a result: where results may lie, or not at all."""
    allowed = AllowedPlaces.parse("", "s3://elsewhere/out")
    (check,) = examined("s3", lambda: check_s3(output, allowed))
    assert (check.verdict, check.command) == ("fail", "restyle config show")
    assert "RESTYLE_ALLOWED_OUTPUTS" in check.finding


def test_an_endpoint_that_nobody_serves_fails(output, monkeypatch):
    """The command tries the endpoint itself."""
    endpoint = f"http://127.0.0.1:{services.free_port()}"
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", endpoint)
    check = tried(output)
    assert (check.verdict, check.command) == ("fail", f"curl -v {endpoint}")


def test_a_region_that_boto3_does_not_read_is_a_warning(monkeypatch):
    """AWS_REGION is other SDKs' name for AWS_DEFAULT_REGION."""
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    (check,) = check_region()
    assert (check.verdict, check.command) == ("warn", "export AWS_DEFAULT_REGION=eu-central-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    assert list(check_region()) == []


def test_a_missing_model_of_a_style_fails(style, tmp_path):
    """The model that a style names must be there; its nearest neighbour is named."""
    asked = style.with_overrides({"painter": str(tmp_path / "paimter")})
    checks = by_name(check_models(asked, EVERYWHERE))
    assert checks["segmenter"].verdict == "ok"
    assert checks["painter"].verdict == "fail"
    assert f"Did you mean {tmp_path}/painter?" in checks["painter"].finding
    assert checks["painter"].command == f"ls {tmp_path}"


_CLI = """
from typer import Typer
from producer.cli import host
app = Typer()
host.register(app)
app()
"""


def ask_cli(*arguments: str) -> tuple[int, str, str]:
    """Exit status, stdout and stderr of a command in a process of its own."""
    command = [sys.executable, "-c", _CLI, *arguments]
    child = subprocess.run(command, capture_output=True, text=True, check=False)
    return child.returncode, child.stdout, child.stderr


def test_a_switched_off_hub_is_said_in_json(restyle_environment, style, output, tmp_path):
    """`--json` is one list of checks; the exit status is 1 when any fails."""
    path = tmp_path / "style.yaml"
    path.write_text("mask: the dress\npaint: a red dress\n")
    status, stdout, _ = ask_cli("doctor", "--json", "--style", str(path), "--output", output)
    checks = {check["name"]: check for check in json.loads(stdout)}
    assert status == 1
    assert checks["painter"]["verdict"] == "fail"
    assert "HF_HUB_OFFLINE is set" in checks["painter"]["finding"]
    assert checks["painter"]["command"].startswith("HF_HUB_OFFLINE=0 hf download sd2-community/")
    assert set(checks["s3"]) == {"name", "verdict", "finding", "command"}


# --- in this process, for people -------------------------------------------------------------


def invoke(*arguments: str) -> tuple[int, str]:
    """Exit status and output of a command."""
    app = typer.Typer()
    host.register(app)
    result = CliRunner().invoke(app, arguments)
    return result.exit_code, result.output


def test_people_get_a_table(restyle_environment, output):
    """One line per check, its command below; missing default models alone are no failure."""
    status, text = invoke("doctor", "--output", output)
    assert status == 0
    assert "ok    redis persistence" in text
    # Whether the hub is switched off depends on when its client was imported in this process.
    assert re.search(rf"^painter: .*hf download {DEFAULT_PAINTER}$", text, re.MULTILINE)


def test_a_wrong_style_file_is_one_sentence(restyle_environment, tmp_path):
    """What cannot be read ends the command with the exit status for input."""
    status, text = invoke("doctor", "--style", str(tmp_path / "none.yaml"))
    assert status == 2
    assert "style_unreadable" in text


def test_config_show_names_every_setting_and_its_origin(restyle_environment, monkeypatch):
    """Settings first, then what others read; in JSON the same."""
    status, text = invoke("config", "show")
    assert status == 0
    for part in ("RESTYLE_NAMESPACE", restyle_environment, "AWS_ENDPOINT_URL_S3", "HF_HUB_OFFLINE"):
        assert part in text
    _, answer = invoke("config", "show", "--json")
    found = json.loads(answer)
    namespace = next(line for line in found["settings"] if line["name"] == "RESTYLE_NAMESPACE")
    assert namespace["origin"] == "environment"
    secret = next(line for line in found["ecosystem"] if line["name"] == "AWS_SECRET_ACCESS_KEY")
    assert secret["value"] == "***"


def test_config_show_names_a_wrong_setting(monkeypatch):
    """The command that shows the settings says what is wrong with them."""
    monkeypatch.setenv("RESTYLE_THREADS", "0")
    status, answer = invoke("config", "show", "--json")
    assert status == 2
    assert json.loads(answer)["error"]["code"] == "settings_invalid"
