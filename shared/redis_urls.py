"""One Redis URL in any usual form, in the dialects of redis-py and of kombu.

redis-py speaks `unix://` and knows no `redis+socket://`; kombu speaks `redis+socket://` and knows
neither `unix://` nor `valkey://`. People write all of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

from shared.errors import SettingsInvalid
from shared.urls import mask_url
from shared.wording import did_you_mean

#: Every scheme that is understood, with what it stands for.
SCHEMES: Mapping[str, str] = {
    "redis": "tcp",
    "valkey": "tcp",
    "rediss": "tls",
    "valkeys": "tls",
    "unix": "socket",
    "redis+unix": "socket",
    "redis+socket": "socket",
    "valkey+socket": "socket",
}
DEFAULT_PORT = 6379
#: What may follow the `?`, with the one name that we use for it.
_OPTIONS = {"db": "db", "virtual_host": "db", "username": "username", "password": "password"}
#: TLS options that redis-py and kombu spell alike.
_TLS_OPTIONS: Mapping[str, str | None] = {
    # Said always: without any such option kombu speaks plain text to a rediss:// address.
    "ssl_cert_reqs": "required",
    "ssl_check_hostname": None,
    "ssl_ca_certs": None,
    "ssl_certfile": None,
    "ssl_keyfile": None,
}
#: Those that take one of a few words.
_TLS_WORDS: Mapping[str, tuple[str, ...]] = {
    "ssl_cert_reqs": ("required", "optional", "none"),
    "ssl_check_hostname": ("true", "false"),
}


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """Where a Redis is and how to log in; the form of the URL is gone."""

    #: tcp, tls or socket.
    transport: str
    #: Host name, or an IP address without brackets; empty for a socket.
    host: str
    port: int
    #: Of the Unix socket; empty for tcp and tls.
    path: str
    db: int
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls_options: tuple[tuple[str, str], ...] = ()


def for_redis_py(url: str) -> str:
    """The URL as `redis.Redis.from_url` takes it.

    Raises:
        SettingsInvalid: Not a Redis URL, or one with parts that nobody would obey.
    """
    address = parse(url)
    if address.transport == "socket":
        return f"unix://{_credentials(address)}{quote(address.path)}?db={address.db}"
    return _network_url(address)


def for_kombu(url: str) -> str:
    """The URL as `kombu.Connection` and Celery's `broker_url` take it.

    Raises:
        SettingsInvalid: As `for_redis_py`.
    """
    address = parse(url)
    if address.transport == "socket":
        credentials = _credentials(address)
        return f"redis+socket://{credentials}{quote(address.path)}?virtual_host={address.db}"
    return _network_url(address)


def parse(url: str) -> RedisAddress:
    """Take a Redis URL of any usual form apart.

    Raises:
        SettingsInvalid: Another scheme, a bad port or database, an unknown option.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port or DEFAULT_PORT
    except ValueError as error:
        raise _invalid(url, str(error)) from error
    transport = SCHEMES.get(parts.scheme)
    if transport is None:
        raise _invalid(url, _scheme_problem(parts.scheme))
    options = _options(url, parts, transport)
    username = unquote(parts.username or "") or options.get("username")
    password = unquote(parts.password or "") or options.get("password")
    if transport == "socket":
        path, db = _socket_path(url, parts), _database(url, options.get("db", ""))
        return RedisAddress(transport, "", 0, path, db, username, password)
    db = _database(url, options.get("db") or parts.path.strip("/"))
    host, tls_options = parts.hostname or "127.0.0.1", _tls_options(transport, options)
    return RedisAddress(transport, host, port, "", db, username, password, tls_options)


def _options(url: str, parts: SplitResult, transport: str) -> dict[str, str]:
    known = dict(_OPTIONS)
    if transport == "tls":
        known |= {name: name for name in _TLS_OPTIONS}
    options: dict[str, str] = {}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name not in known:
            raise _invalid(url, f"it has the unknown option {name}{did_you_mean(name, known)}")
        words = _TLS_WORDS.get(name)
        if words and value.lower() not in words:
            raise _invalid(url, f"{name} must be one of {', '.join(words)}")
        options[known[name]] = value.lower() if words else value
    return options


def _tls_options(transport: str, options: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    if transport != "tls":
        return ()
    chosen = {name: options.get(name, default) for name, default in _TLS_OPTIONS.items()}
    return tuple((name, value) for name, value in chosen.items() if value is not None)


def _socket_path(url: str, parts: SplitResult) -> str:
    path = unquote(parts.netloc.rpartition("@")[2] + parts.path)
    if not path.startswith("/"):
        raise _invalid(url, "the path of the socket must be absolute: unix:///run/redis.sock")
    return path


def _database(url: str, text: str) -> int:
    if text and not (text.isascii() and text.isdigit()):
        raise _invalid(url, f"the database must be a number, not {text!r}")
    return int(text or 0)


def _credentials(address: RedisAddress) -> str:
    if address.username is None and address.password is None:
        return ""
    username, password = quote(address.username or "", safe=""), address.password
    return f"{username}@" if password is None else f"{username}:{quote(password, safe='')}@"


def _network_url(address: RedisAddress) -> str:
    scheme = "rediss" if address.transport == "tls" else "redis"
    host = f"[{address.host}]" if ":" in address.host else address.host
    query = f"?{urlencode(address.tls_options)}" if address.tls_options else ""
    return f"{scheme}://{_credentials(address)}{host}:{address.port}/{address.db}{query}"


def _scheme_problem(scheme: str) -> str:
    if scheme in {"sentinel", "redis+sentinel"}:
        return "Sentinel is not supported; give the address of the master or of a proxy before it"
    if scheme in {"redis+cluster", "rediss+cluster", "cluster"}:
        return "a cluster is not supported; give a single Redis"
    return f"it must start with {', '.join(f'{name}://' for name in SCHEMES)}"


def _invalid(url: str, reason: str) -> SettingsInvalid:
    shown = f"RESTYLE_REDIS_URL is {mask_url(url)}"
    return SettingsInvalid(name="RESTYLE_REDIS_URL", reason=f"{shown}; {reason}")
