"""`restyle webhooks`: what was sent, what came of it, and sending it again."""

import json

import pytest
from typer.testing import CliRunner

from producer.cli import app
from producer.webhooks import new_secret
from shared.board import DeliveryState, Try
from shared.webhooks.secret import is_secret
from tests.receivers import receiver

REFUSED = Try(status=500, error="it answered 500", milliseconds=12)
SECRET = new_secret()


@pytest.fixture(autouse=True)
def _environment(redis_server, namespace, monkeypatch):
    """The command speaks to the board of this test."""
    monkeypatch.setenv("RESTYLE_REDIS_URL", redis_server.url)
    monkeypatch.setenv("RESTYLE_NAMESPACE", namespace)


@pytest.fixture
def deliveries(board) -> None:
    """One that was given up, one that waits after a try, and a new one."""
    for name, state in (("a", DeliveryState.GIVEN_UP), ("b", DeliveryState.WAITING), ("c", None)):
        target = f"https://{name}.example/"
        board.announce(f"msg_{name}", target=target, event="batch.ended", body='{"x":"[red]"}')
        if state:
            taken = board.take_delivery(60.0)
            board.report_delivery(taken, REFUSED, state, pause_seconds=300.0)


def restyle(*arguments: str, status: int = 0) -> str:
    """What the command says on stdout."""
    done = CliRunner().invoke(app, ["webhooks", *arguments])
    assert done.exit_code == status, done.output
    return done.stdout


def listed(*arguments: str) -> list[str]:
    """The ids of a list."""
    return [one["delivery_id"] for one in json.loads(restyle("list", "--json", *arguments))]


@pytest.mark.usefixtures("deliveries")
def test_the_list_is_for_people_and_programs():
    """The newest first; those that failed, given up or not, can be asked for."""
    assert sorted(listed()) == ["msg_a", "msg_b", "msg_c"]
    assert sorted(listed("--failed")) == ["msg_a", "msg_b"]
    assert len(listed("--limit", "1")) == 1
    table = restyle("list")
    assert "https://a.example/" in table
    assert "it answered 500" in table
    assert "restyle webhooks redeliver --failed" in table


def test_an_empty_list_says_so():
    """And is an empty list to programs."""
    assert restyle("list") == "There are no such deliveries.\n"
    assert listed() == []


@pytest.mark.usefixtures("deliveries")
def test_a_delivery_is_shown_with_its_tries_and_body():
    """As it was sent: square brackets are no mark-up."""
    shown = restyle("show", "msg_a")
    assert "given_up" in shown
    assert "12 ms: it answered 500" in shown
    assert '{"x":"[red]"}' in shown
    told = json.loads(restyle("show", "msg_b", "--json"))
    assert (told["state"], told["tries"][0]["status"], told["failed"]) == ("waiting", 500, True)
    assert '"delivery_unknown"' in restyle("show", "msg_x", "--json", status=2)


@pytest.mark.usefixtures("deliveries")
def test_what_failed_is_sent_again(board):
    """One by its id, or all that failed: due at once, with all tries before them."""
    assert json.loads(restyle("redeliver", "msg_a", "--json")) == {"redelivered": ["msg_a"]}
    assert "2 deliveries will be sent" in restyle("redeliver", "--failed")
    taken = [board.take_delivery(60.0) for _ in range(3)]
    assert {one.delivery_id: one.number for one in taken} == dict.fromkeys(
        ("msg_a", "msg_b", "msg_c"), 1
    )
    restyle("redeliver", status=2)
    restyle("redeliver", "msg_a", "--failed", status=2)
    restyle("redeliver", "msg_x", status=2)


def test_a_target_is_tried(monkeypatch):
    """Signed as all events are; what comes back decides the exit status."""
    with receiver() as hook:
        url = f"http://127.0.0.1:{hook.port}/"
        assert "webhook_secret_missing" in restyle("test", url, "--json", status=2)
        monkeypatch.setenv("RESTYLE_WEBHOOK_SECRET", SECRET)
        assert "webhook_not_allowed" in restyle("test", url, "--json", status=1)
        monkeypatch.setenv("RESTYLE_WEBHOOK_ALLOWED_NETWORKS", "127.0.0.1/32")
        assert "answered 204" in restyle("test", url)
        hook.answers = [500]
        assert "webhook_failed" in restyle("test", url, "--json", status=1)
        assert hook.received[0].verified(SECRET)["type"] == "restyle.test"
    assert "webhook_invalid" in restyle("test", "shop.example", "--json", status=2)


@pytest.mark.parametrize(
    ("target", "code"),
    [("https://a.example/", "webhook_secret_missing"), ("a.example", "webhook_invalid")],
)
def test_a_submission_with_a_wrong_webhook_is_refused(tmp_path, target, code):
    """Before anything is read."""
    nothing = str(tmp_path / "nothing")
    files = ("--manifest", nothing, "--style", nothing, "--output", "s3://shop/out/")
    done = CliRunner().invoke(app, ["submit", *files, "--webhook", target, "--json"])
    assert (done.exit_code, json.loads(done.stdout)["error"]["code"]) == (2, code)


def test_a_secret_is_made():
    """A new one each time, of the scheme's form."""
    first, second = restyle("secret").strip(), json.loads(restyle("secret", "--json"))["secret"]
    assert first != second
    assert is_secret(first)
    assert is_secret(second)
