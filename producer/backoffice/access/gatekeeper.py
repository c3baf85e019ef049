"""Gatekeeper: says who asks, by a token, a session, or for being on this very host."""

import hmac
import ipaddress
import math
from dataclasses import dataclass
from urllib.parse import urlsplit

import structlog
from starlette.requests import Request

from producer.backoffice.access.caller import LOCAL, Caller
from producer.backoffice.access.credential import (
    COOKIE,
    NOBODY,
    Credential,
    csrf_of,
    digest_of,
    new_session_id,
)
from producer.backoffice.access.origins import check_host, check_origin, host_of, is_at_home
from shared.board import AccessToken, StatusBoard
from shared.errors import (
    CredentialMissing,
    CredentialRefused,
    FailuresTooMany,
    RequestForeign,
    SignInInsecure,
    TokenUnknown,
)
from shared.urls import is_loopback

#: The header in which the page sends back its session's `csrf`.
CSRF_HEADER = "X-CSRF-Token"
#: Methods that change nothing.
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
#: One household or company has all the addresses of such an IPv6 network.
IPV6_PREFIX = 64

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Gatekeeper:
    """Tells callers apart on the board; safe for threads."""

    board: StatusBoard
    #: Whether nobody has to sign in from this host while there is no token at all.
    is_local: bool = True
    #: scheme://host[:port] that people open, where it is another than the header Host has.
    public_url: str | None = None

    def identify(self, request: Request) -> Caller:
        """Who asks.

        Raises:
            CredentialMissing: The request names no token.
            CredentialRefused: The token or the session is not valid (any more).
            FailuresTooMany: Nor was it too often before.
            RequestForeign: A page of somebody else's made a browser send it.
            RedisUnreachable: Redis does not answer.
        """
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":  # any other is between the browser and a proxy
            return Caller.of(self._token(request, text), "token")
        if session_id := request.cookies.get(COOKIE):
            return self._by_session(request, session_id)
        if self._is_open(request):
            return self._on_this_host(request)
        raise CredentialMissing

    def sign_in(self, request: Request, text: str) -> tuple[Caller, str]:
        """Open a session for whoever holds a token.

        Returns:
            Who it is, and the session's id.

        Raises:
            SignInInsecure: The session's id would be read on its way.
            CredentialRefused, FailuresTooMany, RequestForeign, RedisUnreachable: As `identify`.
        """
        self.needs_tls(request)
        check_origin(request, self.public_url)
        token, session_id = self._token(request, text), new_session_id()
        try:
            self.board.open_session(digest_of(session_id), token.token_id)
        except TokenUnknown as error:  # revoked just now
            raise CredentialRefused from error
        return Caller.of(token, "session"), session_id

    def sign_out(self, request: Request) -> None:
        """End the session that a request names, if any.

        Raises:
            RedisUnreachable: Redis does not answer.
        """
        if session_id := request.cookies.get(COOKIE):
            self.board.close_session(digest_of(session_id))

    def needs_tls(self, request: Request) -> bool:
        """Whether a browser may send the session's cookie over TLS only.

        Raises:
            SignInInsecure: It may, and there is no TLS.
        """
        public = urlsplit(self.public_url or "").scheme
        if "https" in (request.url.scheme, public):
            return True
        if public or is_loopback(host_of(request)):
            return False
        raise SignInInsecure(host=host_of(request))

    def _token(self, request: Request, text: str) -> AccessToken:
        credential = Credential.parse(text)
        if credential is None:
            raise self._refusal(request)
        try:
            stored = self.board.token(credential.token_id)
        except TokenUnknown:
            stored = None
        fits = credential.matches(stored.digest if stored else NOBODY)
        if stored is None or not fits or stored.token.expired:
            raise self._refusal(request, credential.token_id)
        if stored.stale:
            self.board.use_token(credential.token_id)
        return stored.token

    def _by_session(self, request: Request, session_id: str) -> Caller:
        token = self.board.session(digest_of(session_id))
        if token is None:
            if self._is_open(request):  # the cookie is of the time when there was a token
                return self._on_this_host(request)
            raise self._refusal(request)
        if request.method not in SAFE_METHODS:
            check_origin(request, self.public_url)
            given = request.headers.get(CSRF_HEADER, "")
            if not hmac.compare_digest(given.encode(), csrf_of(session_id).encode()):
                raise RequestForeign(reason=f"it has no (or a wrong) {CSRF_HEADER}")
        return Caller.of(token, "session")

    def _is_open(self, request: Request) -> bool:
        return self.is_local and is_at_home(request) and not self.board.has_tokens()

    def _on_this_host(self, request: Request) -> Caller:
        check_host(request)
        if request.method not in SAFE_METHODS:
            check_origin(request, self.public_url)
        return LOCAL

    def _refusal(self, request: Request, token_id: str = "") -> CredentialRefused | FailuresTooMany:
        """Count a failure, and say what comes of it."""
        address = address_of(request)
        sources = [f"address/{_network(address)}"] + [f"token/{token_id}"] * bool(token_id)
        seconds = self.board.note_failure(*sources)
        if seconds:
            return FailuresTooMany(seconds=math.ceil(seconds))
        log.warning("a credential was refused", address=address, token=token_id or None)
        return CredentialRefused()


def address_of(request: Request) -> str:
    """The client's address: what a trusted proxy says, or where the connection comes from."""
    return request.client.host if request.client else ""


def _network(address: str) -> str:
    """The address, or the network of those that one client may have."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:  # a socket file has none
        return "none"
    if isinstance(found, ipaddress.IPv4Address) or found.ipv4_mapped:
        return address
    return str(ipaddress.ip_network((int(found), IPV6_PREFIX), strict=False))
