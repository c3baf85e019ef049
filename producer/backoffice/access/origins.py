"""Origins: whether a browser sends a request for our own page, and whether from this host."""

from urllib.parse import urlsplit

from starlette.requests import Request

from shared.errors import RequestForeign
from shared.urls import hostname, is_loopback

#: Headers that a proxy adds: whoever sends them is not the client.
PROXIED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
#: What browsers say of requests that our own page, or the person, makes.
OWN_SITES = frozenset({"same-origin", "none"})


def host_of(request: Request) -> str:
    """The name under which a request asks for this host."""
    return hostname(f"//{request.headers.get('host', '')}")


def is_at_home(request: Request) -> bool:
    """Whether a request comes from this host, and through no proxy."""
    client = request.client.host if request.client else ""
    return is_loopback(client) and not any(name in request.headers for name in PROXIED)


def check_host(request: Request) -> None:
    """Refuse other names of this host: a page of somebody else's may have led one here.

    Raises:
        RequestForeign: The header Host names no loopback address.
    """
    if not is_loopback(host_of(request)):
        reason = f"without any token it is served as localhost only, not as {host_of(request)!r}"
        raise RequestForeign(reason=reason)


def check_origin(request: Request, public_url: str | None) -> None:
    """Refuse what a browser sends for another site; programs send neither header.

    Raises:
        RequestForeign: The request was made by a page of somebody else's.
    """
    if request.headers.get("sec-fetch-site", "none") not in OWN_SITES:
        raise RequestForeign(reason="a browser sent it for another site")
    origin = request.headers.get("origin")
    if origin is not None and not _is_own(origin, request, public_url):
        raise RequestForeign(reason=f"its Origin is {origin}")


def _is_own(origin: str, request: Request, public_url: str | None) -> bool:
    own = {_netloc(public_url or ""), request.headers.get("host", "").lower()} - {""}
    return _netloc(origin) in own


def _netloc(url: str) -> str:
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:  # brackets that hold no address
        return ""
