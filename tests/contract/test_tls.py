"""`rediss://`: board and queue check who they talk to, and say why they do not."""

from contextlib import closing

import pytest

from shared.board import StatusBoard
from shared.errors import RedisUnreachable
from shared.jobs import Hint, Message
from shared.queue import Publisher, celery_app
from shared.settings import Settings
from tests.certificates import Authority, tls_before

HINT = Hint(message=Message(batch_id="spring", number=1), lane="standard")


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Authority:
    """The one that clients trust."""
    return Authority(tmp_path_factory.mktemp("authority"), "ours")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory) -> Authority:
    """Another one."""
    return Authority(tmp_path_factory.mktemp("stranger"), "theirs")


def settings(port: int, namespace: str, authority: Authority, options: str = "") -> Settings:
    """Settings of a Redis behind TLS."""
    url = f"rediss://127.0.0.1:{port}/0?ssl_ca_certs={authority.file}{options}"
    return Settings(redis_url=url, namespace=namespace)


def use(settings: Settings) -> int:
    """Ask the board, and put a message into the queue; returns how many wait there."""
    with closing(StatusBoard.connect(settings)) as board:
        assert board.batches(5) == []
    with closing(celery_app(settings)) as app:
        Publisher(app).publish([HINT])
        return Publisher(app).backlog()


def refused(settings: Settings) -> str:
    """What the board says."""
    board = StatusBoard.connect(settings)
    with closing(board), pytest.raises(RedisUnreachable) as caught:
        board.batches(5)
    return str(caught.value)


def test_a_certificate_of_the_named_authority_is_accepted(redis_server, namespace, authority):
    """Board and queue work through TLS."""
    with tls_before(redis_server.port, authority.issue("127.0.0.1")) as port:
        assert use(settings(port, namespace, authority)) == 1


@pytest.mark.parametrize(
    ("host", "days", "words"),
    [
        ("127.0.0.1", -1, "certificate has expired"),
        ("redis.example", 1, "not valid for '127.0.0.1'"),
    ],
)
def test_a_wrong_certificate_is_refused(redis_server, namespace, authority, host, days, words):
    """Out of date, or another server's: nothing is sent, and the sentence names the reason."""
    with tls_before(redis_server.port, authority.issue(host, days=days)) as port:
        assert words in refused(settings(port, namespace, authority))


def test_a_certificate_of_another_authority_is_refused(
    redis_server, namespace, authority, stranger
):
    """Whoever can make certificates is not yet whom we trust: by the board, and by the queue."""
    with tls_before(redis_server.port, stranger.issue("127.0.0.1")) as port:
        ours = settings(port, namespace, authority)
        assert "certificate verify failed" in refused(ours)
        verify = pytest.raises(RedisUnreachable, match="certificate verify failed")
        with closing(celery_app(ours)) as app, verify:
            Publisher(app).publish([HINT])


def test_checks_are_left_out_only_where_the_url_says_so(
    redis_server, namespace, authority, stranger
):
    """For those who must; board and queue obey alike."""
    options = "&ssl_cert_reqs=none&ssl_check_hostname=false"
    with tls_before(redis_server.port, stranger.issue("127.0.0.1")) as port:
        assert use(settings(port, namespace, authority, options)) == 1


def test_a_certificate_of_our_own_is_shown_where_it_is_asked_for(
    redis_server, namespace, authority
):
    """A server that wants to know its clients lets in those with a certificate and key."""
    client, server = authority.issue("worker.example"), authority.issue("127.0.0.1")
    shown = f"&ssl_certfile={client.certificate}&ssl_keyfile={client.key}"
    with tls_before(redis_server.port, server, clients=authority.file) as port:
        assert use(settings(port, namespace, authority, shown)) == 1
        said = refused(settings(port, namespace, authority))
        # The server's word may come after the client has begun to write.
        assert "certificate required" in said or "EOF occurred" in said
