"""Posting an event: to the one address that was checked, over TLS that is verified, and in time."""

import socket

import pytest

from infra.demo import services
from producer.webhooks import Post
from producer.webhooks.addresses import MAX_ADDRESSES
from shared.errors import WebhookFailed, WebhookInvalid, WebhookNotAllowed
from shared.webhooks import AllowedNetworks
from tests.certificates import Authority
from tests.receivers import answered, dawdling, dripping, receiver

LOOPBACK = AllowedNetworks.parse("127.0.0.1/32")
NAME = "hooks.example"


@pytest.fixture
def hook():
    """A receiver without TLS."""
    with receiver() as made:
        yield made


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Authority:
    """Whom this host's users trust."""
    return Authority(tmp_path_factory.mktemp("authority"), "ours")


def at(*answers: list[str]):
    """A name server that gives these answers in turn, the last one for ever."""
    waiting = list(answers)
    return lambda _host, _port: waiting.pop(0) if len(waiting) > 1 else waiting[0]


def post(url: str, *, networks: AllowedNetworks = LOOPBACK, **options) -> int:
    """Post an empty event."""
    return Post(networks, **options).send(url, {"webhook-id": "msg_a"}, "{}")


def refused(url: str, **options) -> str:
    """Why an event was not taken."""
    with pytest.raises(WebhookFailed) as caught:
        post(url, **options)
    return str(caught.value)


def url(hook, path: str = "/hook") -> str:
    """The receiver's."""
    return f"http://127.0.0.1:{hook.port}{path}"


def test_an_event_arrives_as_json_from_us(hook):
    """Path and query as they were named; one request, whose headers say who sent what."""
    assert post(url(hook, "/a?b=c%20d")) == 204
    (came,) = hook.received
    assert (came.path, came.body) == ("/a?b=c%20d", "{}")
    assert came.headers["Content-Type"] == "application/json"
    assert came.headers["Host"] == f"127.0.0.1:{hook.port}"
    assert came.headers["webhook-id"] == "msg_a"
    assert came.headers["User-Agent"].startswith("restyle/")


@pytest.mark.parametrize("status", [200, 201, 202, 299])
def test_any_2xx_is_delivered(hook, status):
    """What else is in the answer is not read."""
    hook.answers = [status]
    assert post(url(hook)) == status


@pytest.mark.parametrize("status", [400, 404, 410, 429, 500, 503])
def test_any_other_answer_is_a_failed_try(hook, status):
    """With the status as a fact, and the beginning of what was said, made harmless."""
    said = "\x1b[2Jno <b>way</b> token=geheim " + "x" * 100_000
    hook.answers = [lambda handler: answered(handler, status, said)]
    with pytest.raises(WebhookFailed, match=rf"it answered {status} \(.*no <b>way</b>") as caught:
        post(url(hook))
    assert caught.value.facts["status"] == status
    assert len(str(caught.value)) < 300
    assert str(caught.value).isprintable()
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_never_followed(hook, status):
    """Not to an allowed place either: what was checked is where it goes."""
    place = url(hook, "/other")
    hook.answers = [lambda handler: answered(handler, status, Location=place), 204]
    assert f"it answered {status}, a redirect to {place}, and redirects are not followed" in (
        refused(url(hook))
    )
    assert len(hook.received) == 1


def test_a_receiver_that_is_down_is_told_in_one_sentence():
    """Whatever the system calls it."""
    assert "Connection refused" in refused(f"http://127.0.0.1:{services.free_port()}/")


def test_a_host_that_is_not_found_is_told_in_one_sentence():
    """A name server's word, whatever kind of error it is."""

    def nowhere(_host: str, _port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    said = refused(f"https://{NAME}/", look_up=nowhere)
    assert said.endswith("its host is not found (Name or service not known).")


@pytest.mark.parametrize("slow", [dawdling, dripping])
def test_a_slow_receiver_is_cut_at_the_deadline(authority, monkeypatch, slow):
    """Silent, or with a byte now and then, which no socket's timeout notices; under TLS too."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    for scheme, identity in (("http", None), ("https", authority.issue("127.0.0.1"))):
        with receiver(identity) as hook:
            hook.answers = [slow]
            said = refused(f"{scheme}://127.0.0.1:{hook.port}/", deadline_seconds=0.3)
            assert "no answer came within 0.3 s" in said
            assert len(hook.received) == 1


def test_a_receiver_that_takes_a_connection_and_says_nothing_is_cut():
    """Nobody shakes hands: the deadline holds before anything is asked."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        target = f"https://127.0.0.1:{silent.getsockname()[1]}/"
        assert "no answer came within 0.3 s" in refused(target, deadline_seconds=0.3)


def test_the_words_of_a_chunked_refusal_are_read(hook):
    """However a server frames them."""

    def chunked(handler) -> None:
        head = b"HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n"
        handler.wfile.write(head + b"5\r\nno wa\r\n1\r\ny\r\n0\r\n\r\n")

    hook.answers = [chunked]
    assert "it answered 500 (no wa" in refused(url(hook))


def test_a_refusal_whose_words_drip_is_told_by_its_status(hook):
    """The answer's head is enough."""

    def drip(handler) -> None:
        handler.wfile.write(b"HTTP/1.1 503 Slow\r\nContent-Length: 9\r\n\r\n")
        dawdling(handler)

    hook.answers = [drip]
    assert refused(url(hook), deadline_seconds=0.3).endswith("it answered 503.")


@pytest.mark.parametrize(
    "answer", [b"", b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200]
)
def test_what_is_no_http_is_a_failed_try(hook, answer):
    """An answer of nothing, of nonsense, or of too many headers."""

    def nonsense(handler) -> None:
        handler.wfile.write(answer)
        handler.close_connection = True

    hook.answers = [nonsense]
    assert "did not take the event" in refused(url(hook))


def test_a_private_address_is_refused_unless_it_is_allowed(hook):
    """By name or by number, before anything is sent."""
    for target in (url(hook), f"http://{NAME}:{hook.port}/", f"https://{NAME}:{hook.port}/"):
        with pytest.raises(WebhookNotAllowed, match=r"leads to 127\.0\.0\.1, .*no public address"):
            post(target, networks=AllowedNetworks(), look_up=at(["127.0.0.1"]))
    assert hook.received == []
    assert post(f"http://{NAME}:{hook.port}/", look_up=at(["127.0.0.1"])) == 204


def test_without_tls_nothing_goes_to_the_internet():
    """An address may be public; http:// still needs its network to be named."""
    with pytest.raises(WebhookNotAllowed, match="the internet needs https://"):
        post(f"http://{NAME}/", look_up=at(["93.184.216.34"]))


def test_a_name_that_changes_its_address_is_looked_up_once(hook):
    """What was checked is what is connected to; the next try checks anew."""
    with receiver(address="127.0.0.2", port=hook.port) as other:
        client = Post(LOOPBACK, look_up=at(["127.0.0.1"], ["127.0.0.2"]))
        target = f"http://{NAME}:{hook.port}/"
        assert client.send(target, {}, "{}") == 204
        assert hook.received[0].headers["Host"] == f"{NAME}:{hook.port}"
        with pytest.raises(WebhookNotAllowed, match=r"leads to 127\.0\.0\.2"):
            client.send(target, {}, "{}")
        assert (len(hook.received), other.received) == (1, [])


def test_of_several_addresses_the_first_that_answers_is_taken(hook):
    """Those that are not allowed are left out, and so is what comes after a few."""
    networks = AllowedNetworks.parse("127.0.0.0/8")
    target = f"http://{NAME}:{hook.port}/"
    found = ["10.0.0.1", "127.0.0.3", "127.0.0.1"]
    assert post(target, networks=networks, look_up=at(found)) == 204
    nobody = [f"127.0.0.{number + 3}" for number in range(MAX_ADDRESSES)]
    assert "refused" in refused(target, networks=networks, look_up=at([*nobody, "127.0.0.1"]))


def test_a_certificate_must_be_the_names_and_a_trusted_ones(authority, tmp_path, monkeypatch):
    """Though the connection is by address; SSL_CERT_FILE names the trusted, as everywhere."""
    stranger = Authority(tmp_path, "theirs")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    found = at(["127.0.0.1"])
    for identity, told in (
        (authority.issue(NAME), ""),
        (authority.issue("other.example"), "doesn't match|not valid for"),
        (authority.issue(NAME, days=-1), "expired"),
        (stranger.issue(NAME), "certificate verify failed"),
    ):
        with receiver(identity) as hook:
            target = f"https://{NAME}:{hook.port}/"
            if not told:
                assert post(target, look_up=found) == 204
                continue
            with pytest.raises(WebhookFailed, match=told):
                post(target, look_up=found)
            assert hook.received == []


@pytest.mark.parametrize("odd", ["msg_a\r\nHost: other.example", "msg_\u20ac"])
def test_what_cannot_stand_in_a_header_is_a_failed_try(hook, odd):
    """An id comes from the board, too; nothing of it becomes a header of somebody else's."""
    with pytest.raises(WebhookFailed):
        Post(LOOPBACK).send(url(hook), {"webhook-id": odd}, "{}")
    assert hook.received == []


def test_a_target_that_is_none_is_refused_here_too():
    """A delivery's target comes from the board, where others may have written it."""
    with pytest.raises(WebhookInvalid):
        post("file:///etc/passwd")
