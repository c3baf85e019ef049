"""Redis URLs: one setting in any usual form means the same to redis-py and to kombu."""

from urllib.parse import quote

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st
from kombu import Connection

from shared.errors import SettingsInvalid
from shared.redis_urls import RedisAddress, for_kombu, for_redis_py, parse

words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20)
hosts = st.sampled_from(["localhost", "redis.internal", "10.0.0.1", "::1", "fe80::2"])


def as_redis_py(url: str) -> dict[str, object]:
    """What redis-py makes of our URL."""
    pool = redis.ConnectionPool.from_url(for_redis_py(url))
    return {
        **{name: pool.connection_kwargs.get(name) for name in ("username", "password", "path")},
        "host": pool.connection_kwargs.get("host"),
        "port": pool.connection_kwargs.get("port"),
        "db": pool.connection_kwargs.get("db", 0),
        "class": pool.connection_class,
    }


def as_kombu(url: str) -> dict[str, object]:
    """What kombu makes of our URL, down to the parameters of its own redis-py pool."""
    channel_class = Connection(for_kombu(url)).transport.Channel
    channel = channel_class.__new__(channel_class)
    channel.connection = type("Transport", (), {"default_port": 6379})
    channel.connection.client = Connection(for_kombu(url))
    found = channel._connparams()
    return {
        **{name: found.get(name) for name in ("username", "password", "path", "host", "port")},
        "db": found["db"],
        "class": found["connection_class"],
    }


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("redis://", ("tcp", "127.0.0.1", 6379, "", 0)),
        ("redis://h", ("tcp", "h", 6379, "", 0)),
        ("redis://h:7000/3", ("tcp", "h", 7000, "", 3)),
        ("redis://h?db=4", ("tcp", "h", 6379, "", 4)),
        (" redis://h/1/ ", ("tcp", "h", 6379, "", 1)),
        ("valkey://h/2", ("tcp", "h", 6379, "", 2)),
        ("redis://[::1]:7000/3", ("tcp", "::1", 7000, "", 3)),
        ("rediss://h:7000/3", ("tls", "h", 7000, "", 3)),
        ("valkeys://h", ("tls", "h", 6379, "", 0)),
        ("unix:///run/redis.sock", ("socket", "", 0, "/run/redis.sock", 0)),
        ("unix:///run/redis.sock?db=1", ("socket", "", 0, "/run/redis.sock", 1)),
        ("redis+socket:///run/redis.sock?virtual_host=2", ("socket", "", 0, "/run/redis.sock", 2)),
        ("redis+unix:///run/a%20b.sock", ("socket", "", 0, "/run/a b.sock", 0)),
    ],
)
def test_every_usual_form_is_understood(url, address):
    """Scheme, host, port, socket and database are found wherever people write them."""
    found = parse(url)
    assert (found.transport, found.host, found.port, found.path, found.db) == address


@pytest.mark.parametrize(
    "url",
    [
        "redis://h:7000/3",
        "redis://u:p@h",
        "redis://:p%40ss%2F%3A%3F@h/1",
        "redis://user%40corp@h",
        "valkey://[::1]:7000/3",
        "rediss://u:p@h/2",
        "valkeys://h?ssl_cert_reqs=none",
        "unix:///run/redis.sock?db=1",
        "unix://:p%40ss@/run/redis.sock",
        "redis+socket://u:p@/run/redis.sock?virtual_host=2",
        "unix:///run/redis.sock?password=p",
    ],
)
def test_both_libraries_understand_the_same(url):
    """Whatever form was given, redis-py and kombu connect to the same place as the same user."""
    assert as_redis_py(url) == as_kombu(url)


@given(user=st.none() | words, password=words, host=hosts, db=st.integers(0, 15))
def test_any_password_survives(user, password, host, db):
    """Percent-encoding is undone once and done once, in both dialects."""
    from_parts = RedisAddress("tcp", host, 6379, "", db, user, password)
    url = for_redis_py(_write(from_parts))
    assert parse(url) == from_parts
    assert as_redis_py(url)["password"] == as_kombu(url)["password"] == password
    assert as_redis_py(url)["username"] == as_kombu(url)["username"] == user


def _write(address: RedisAddress) -> str:
    host = f"[{address.host}]" if ":" in address.host else address.host
    user, password = quote(address.username or "", safe=""), quote(address.password, safe="")
    return f"valkey://{user}:{password}@{host}/{address.db}"


@pytest.mark.parametrize("url", ["rediss://h", "valkeys://h/1"])
def test_tls_is_said_to_kombu_in_its_words(url):
    """A rediss:// URL without a TLS option makes kombu speak plain text; ours always has one."""
    assert "ssl_cert_reqs=required" in for_kombu(url)
    assert as_kombu(url)["class"] is redis.SSLConnection
    assert as_redis_py(url)["class"] is redis.SSLConnection


def test_tls_options_reach_both():
    """Certificates and the way of checking are passed on."""
    url = "rediss://h?ssl_cert_reqs=optional&ssl_ca_certs=/etc/ca.pem&ssl_check_hostname=False"
    for translated in (for_redis_py(url), for_kombu(url)):
        assert "ssl_cert_reqs=optional" in translated
        assert "ssl_ca_certs=%2Fetc%2Fca.pem" in translated
        assert "ssl_check_hostname=false" in translated


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "must start with"),
        ("localhost:6379", "must start with"),
        ("amqp://h", "must start with"),
        ("http://h", "must start with"),
        ("sentinel://h:26379/0", "Sentinel is not supported"),
        ("redis+cluster://h", "cluster is not supported"),
        ("redis://h:port", "Port"),
        ("redis://h:99999", "Port"),
        ("redis://h/one", "the database must be a number"),
        ("redis://h?db=-1", "the database must be a number"),
        ("redis://h?dbs=1", "unknown option dbs (did you mean db?)"),
        ("redis://h?socket_timeout=5", "unknown option socket_timeout"),
        ("redis://h?ssl_cert_reqs=none", "unknown option ssl_cert_reqs"),
        ("rediss://h?ssl_cert_reqs=maybe", "must be one of required, optional, none"),
        ("unix://run/redis.sock", "must be absolute"),
        ("redis://[::1", "Invalid IPv6"),
    ],
)
def test_what_nobody_would_obey_is_refused(url, words):
    """One clear sentence, not a connection to somewhere else."""
    with pytest.raises(SettingsInvalid) as caught:
        for_redis_py(url)
    assert words in str(caught.value)


def test_a_refusal_hides_the_password():
    """Errors end up in logs."""
    with pytest.raises(SettingsInvalid) as caught:
        for_kombu("redis://u:geheim@h/one")
    assert "geheim" not in str(caught.value)
    assert "geheim" not in repr(parse("redis://u:geheim@h"))
