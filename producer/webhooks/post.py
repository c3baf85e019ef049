"""Post: sends one event to one target, and to nobody else, in bounded time and memory."""

import contextlib
import functools
import ssl
from collections.abc import Mapping
from http.client import HTTPException
from importlib.metadata import version
from typing import Self

from urllib3 import BaseHTTPResponse
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from producer.webhooks.addresses import LookUp, addresses, look_up
from producer.webhooks.deadline import Deadline
from shared.errors import WebhookFailed
from shared.plain_text import plain_text
from shared.settings import Settings
from shared.webhooks import AllowedNetworks, WebhookTarget

#: A try takes no longer, from looking up the host to the answer's head.
DEADLINE_SECONDS = 15.0
#: Longest wait for a connection, and for its next bytes.
CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0
#: Bytes of a refusal that are read.
MAX_ANSWER_BYTES = 4_096
#: Characters of it that are shown.
MAX_SHOWN = 160

#: A ValueError is what cannot stand in a header, or comes back as one.
_FAULTS = (HTTPError, HTTPException, OSError, ValueError)


class Post:
    """A client that follows no redirect, asks no proxy, and checks whom it connects to.

    It is safe for threads; every event has a connection of its own.
    """

    def __init__(
        self,
        networks: AllowedNetworks,
        *,
        look_up: LookUp = look_up,
        deadline_seconds: float = DEADLINE_SECONDS,
    ) -> None:
        self._networks = networks
        self._look_up = look_up
        self._seconds = deadline_seconds

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """A client that reaches what the settings open; nothing is sent yet."""
        return cls(AllowedNetworks.parse(settings.webhook_allowed_networks))

    def send(self, url: str, headers: Mapping[str, str], body: str) -> int:
        """Post a JSON body.

        Returns:
            The status, which is 2xx.

        Raises:
            WebhookInvalid: The URL is no target.
            WebhookNotAllowed: The host has no address that the settings open.
            WebhookFailed: It cannot be reached, is too slow, or answers anything but 2xx; its fact
                `status` is the answer's.
        """
        target, deadline = WebhookTarget.parse(url), Deadline(self._seconds)
        connection = self._connected(target, deadline)
        with contextlib.closing(connection), deadline.cutting(connection.sock):
            try:
                response = _asked(connection, target, headers, body.encode())
            except _FAULTS as error:
                raise _failed(target, error, deadline) from error
            with contextlib.closing(response):
                if deadline.over:  # a head that was cut reads as if it ended there
                    raise _failed(target, TimeoutError(), deadline)
                return _judged(target, response)

    def _connected(self, target: WebhookTarget, deadline: Deadline) -> HTTPConnection:
        """A connection to the first address that takes one."""
        found = addresses(target, self._networks, self._look_up)
        for address in found[:-1]:
            with contextlib.suppress(WebhookFailed):
                return self._connection(target, address, deadline)
        return self._connection(target, found[-1], deadline)

    def _connection(
        self, target: WebhookTarget, address: str, deadline: Deadline
    ) -> HTTPConnection:
        if deadline.over:  # looking up a name has no limit of its own
            raise _failed(target, TimeoutError(), deadline)
        timeout = min(CONNECT_SECONDS, deadline.left_seconds)
        connection = self._unconnected(target, address, timeout)
        try:
            connection.connect()
        except _FAULTS as error:
            connection.close()
            raise _failed(target, error, deadline) from error
        connection.sock.settimeout(READ_SECONDS)
        return connection

    def _unconnected(self, target: WebhookTarget, address: str, timeout: float) -> HTTPConnection:
        """By address; the certificate must be the name's."""
        if target.scheme == "http":
            return HTTPConnection(address, target.port, timeout=timeout)
        return HTTPSConnection(
            address,
            target.port,
            timeout=timeout,
            ssl_context=self._tls,
            server_hostname=target.host,
        )

    @functools.cached_property
    def _tls(self) -> ssl.SSLContext:
        """This host's authorities, or those that SSL_CERT_FILE and SSL_CERT_DIR name."""
        return ssl.create_default_context()


def _asked(
    connection: HTTPConnection, target: WebhookTarget, headers: Mapping[str, str], body: bytes
) -> BaseHTTPResponse:
    ours = {
        "Host": target.authority,
        "Content-Type": "application/json",
        "User-Agent": f"restyle/{version('restyle')}",
        "Connection": "close",
    }
    connection.request(
        "POST",
        target.path,
        body=body,
        headers=ours | dict(headers),
        preload_content=False,
        decode_content=False,
    )
    return connection.getresponse()


def _judged(target: WebhookTarget, response: BaseHTTPResponse) -> int:
    if 200 <= response.status < 300:
        return response.status
    raise WebhookFailed(target=target, status=response.status, reason=_refusal(response))


def _refusal(response: BaseHTTPResponse) -> str:
    if 300 <= response.status < 400:
        place = plain_text(response.headers.get("Location", "").encode(), MAX_SHOWN)
        named = f" to {place}" if place else ""
        return f"it answered {response.status}, a redirect{named}, and redirects are not followed"
    words = ""
    with contextlib.suppress(*_FAULTS):  # the status says enough
        words = plain_text(response.read1(MAX_ANSWER_BYTES), MAX_SHOWN).strip()
    return f"it answered {response.status}" + (f" ({words})" if words else "")


def _failed(target: WebhookTarget, error: Exception, deadline: Deadline) -> WebhookFailed:
    if deadline.over:
        reason = f"no answer came within {deadline.seconds:g} s"
    elif isinstance(error, TimeoutError):
        reason = "it is too slow"
    else:
        reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
    return WebhookFailed(target=target, reason=reason)
