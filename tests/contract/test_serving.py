"""Serving the back office: what is looked at before, and how much of a request is waited for."""

import asyncio
import socket
import sys

import pytest
from starlette.datastructures import Headers
from starlette.responses import Response
from typer.testing import CliRunner

from producer import backoffice
from producer.backoffice.access.tokens import make_token
from producer.backoffice.intake import Intake
from producer.backoffice.serving import Certificate, Place, _listening, check_safe, serve
from producer.cli import app
from producer.doctor.backoffice import check_backoffice
from shared.errors import (
    AddressUnusable,
    BodiesTooMany,
    BodyTooSlow,
    CertificateUnusable,
    OptionInvalid,
    PartMissing,
    TokensMissing,
)
from shared.roles import Role
from tests.certificates import Authority


@pytest.mark.parametrize(
    ("host", "public_url", "is_local"),
    [
        ("127.0.0.1", None, True),
        ("::1", "http://localhost:8787", True),
        ("0.0.0.0", None, False),
        ("::", None, False),
        ("127.0.0.1", "https://restyle.example", False),
        ("restyle.internal", None, False),
    ],
)
def test_what_other_hosts_reach_is_not_served_without_a_token(
    board, inspector, keys, host, public_url, is_local
):
    """Directly or through a proxy; a token that is over is none."""
    place = Place(host, 8787, public_url)
    made = make_token(board, "x", Role.ADMIN, "1h").token
    check_safe(board, place)
    inspector.hset(keys.token(made.token_id), "expires", 1)
    assert place.is_local is is_local
    if is_local:
        check_safe(board, place)
    else:
        with pytest.raises(TokensMissing, match=r"can be reached from other hosts"):
            check_safe(board, place)


def test_a_port_that_is_taken_is_said(office):
    """In one sentence, before anybody is told an address."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = Place("127.0.0.1", taken.getsockname()[1])
        with pytest.raises(AddressUnusable, match=r"address already in use"):
            serve(office, place, pytest.fail)


def test_answers_do_not_wait_for_the_network():
    """Connections inherit TCP_NODELAY; without it each answer took 40 ms more."""
    with _listening(Place("127.0.0.1", 0)) as listener:
        here = listener.getsockname()
        with socket.create_connection(here), listener.accept()[0] as connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_certificate_that_cannot_be_used_is_said(tmp_path):
    """Half a pair, no file, and the key of another one."""
    authority = Authority(tmp_path, "ours")
    ours, other = authority.issue("127.0.0.1"), authority.issue("localhost")
    assert Certificate.of(None, None) is None
    assert Certificate.of(ours.certificate, ours.key) is not None
    with pytest.raises(OptionInvalid):
        Certificate.of(ours.certificate, None)
    for wrong in (tmp_path / "none.pem", other.key):
        with pytest.raises(CertificateUnusable):
            Certificate.of(ours.certificate, wrong)


def test_a_body_that_does_not_come_is_not_waited_for():
    """Whoever sends a byte an hour keeps no route; the answer says so."""
    sent = []

    async def never():
        await asyncio.Event().wait()

    async def send(message):
        sent.append(message)

    headers = [(b"content-length", b"2")]
    scope = {"type": "http", "method": "POST", "path": "/", "headers": headers, "state": {}}
    asyncio.run(Intake(pytest.fail, max_seconds=0.01)(scope, never, send))
    assert sent[0]["status"] == 408
    assert BodyTooSlow.code in sent[1]["body"].decode()


async def post(app, size, path="/"):
    """Send a body to an app; returns status, head and body of the answer."""
    sent = []

    async def receive():
        return {"type": "http.request", "body": b" " * size}

    async def send(message):
        sent.append(message)

    headers = [(b"transfer-encoding", b"chunked")]
    scope = {"type": "http", "method": "POST", "path": path, "headers": headers, "state": {}}
    await app(scope, receive, send)
    return sent[0]["status"], Headers(raw=sent[0]["headers"]), sent[1]["body"]


def test_all_bodies_together_have_a_bound():
    """What has no room is told to come again; there is room again when one is answered."""
    inner = []

    async def app(scope, receive, send):
        if scope["path"] == "/slow":
            inner.extend([await post(intake, 10_000), await post(intake, 5_000)])
        await Response(status_code=204)(scope, receive, send)

    async def ask():
        return [await post(intake, 10_000, "/slow"), await post(intake, 10_000)]

    intake = Intake(app, max_bytes=16_000)
    outer = asyncio.run(ask())
    assert [status for status, *_ in inner + outer] == [503, 204, 204, 204]
    _, head, body = inner[0]
    assert head["retry-after"] == "5"
    assert BodiesTooMany.code in body.decode()


def test_without_its_libraries_the_back_office_says_what_to_install(monkeypatch):
    """No traceback on a host that has the command line only."""
    monkeypatch.delattr(backoffice, "serving", raising=False)
    monkeypatch.setitem(sys.modules, "producer.backoffice.serving", None)
    done = CliRunner().invoke(app, ["serve"])
    assert (done.exit_code, done.stderr.split()[1]) == (2, PartMissing.code)
    assert "pip install 'restyle[backoffice]'" in done.stderr


@pytest.mark.parametrize(
    ("changes", "lifetime", "verdicts"),
    [
        ({}, None, []),
        ({}, "90d", ["ok"]),
        ({}, "6d", ["warn"]),
        ({"serve_host": "0.0.0.0"}, None, ["fail"]),
        ({"public_url": "https://restyle.example"}, "90d", ["ok"]),
        ({"public_url": "http://restyle.example"}, "90d", ["warn", "ok"]),
    ],
)
def test_the_doctor_says_whether_the_back_office_is_safe(
    board, settings, changes, lifetime, verdicts
):
    """Nothing where nobody uses it; what is open, plain or about to be over, before it hurts."""
    if lifetime:
        make_token(board, "erp", Role.ADMIN, lifetime)
    found = list(check_backoffice(settings.model_copy(update=changes)))
    assert [check.verdict for check in found] == verdicts
