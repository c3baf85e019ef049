"""Addresses: where a target's host is, as far as webhooks may be sent there."""

import socket
from collections.abc import Callable

from shared.errors import WebhookFailed, WebhookNotAllowed
from shared.webhooks import AllowedNetworks, WebhookTarget

#: Addresses of a host that are tried in turn.
MAX_ADDRESSES = 3

#: Host and port → addresses; raises OSError where there are none.
LookUp = Callable[[str, int], list[str]]


def look_up(host: str, port: int) -> list[str]:
    """The host's addresses in the order in which this host would take them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


def addresses(target: WebhookTarget, networks: AllowedNetworks, look_up: LookUp) -> list[str]:
    """The target's addresses that may be connected to, at least one.

    The host is looked up once: whoever connects must take one of these, not the name, or a name
    server could answer otherwise the second time.

    Raises:
        WebhookFailed: The host has no address.
        WebhookNotAllowed: None of its addresses may be connected to.
    """
    try:
        found = list(dict.fromkeys(look_up(target.host, target.port)))
    except (OSError, UnicodeError) as error:
        words = getattr(error, "strerror", None) or error
        raise WebhookFailed(target=target, reason=f"its host is not found ({words})") from error
    passed = [address for address in found if _allowed(address, target, networks)]
    if not passed:
        named = found[0] if found else "no address"
        raise WebhookNotAllowed(target=target, address=named, reason=_reason(found, networks))
    return passed[:MAX_ADDRESSES]


def _allowed(address: str, target: WebhookTarget, networks: AllowedNetworks) -> bool:
    return networks.open(address) if target.scheme == "http" else networks.allows(address)


def _reason(found: list[str], networks: AllowedNetworks) -> str:
    if found and networks.allows(found[0]):
        return "http:// is for RESTYLE_WEBHOOK_ALLOWED_NETWORKS only, the internet needs https://"
    return "it is no public address"
