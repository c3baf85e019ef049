"""AllowedNetworks: the addresses that webhooks may be sent to."""

import ipaddress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Annotated, Self

from pydantic import AfterValidator

#: Whose last 32 bits are an IPv4 address that a gateway goes on to (RFC 6052).
_NAT64 = IPv6Network("64:ff9b::/96")
#: All of the public IPv6 internet; the rest is reserved, local or for more than one host.
_UNICAST = IPv6Network("2000::/3")


@dataclass(frozen=True, slots=True)
class AllowedNetworks:
    """Networks that an operator opens to webhooks, beside the whole public internet."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Take a list of CIDRs apart that is divided by commas.

        Raises:
            ValueError: One of them is none; the message says which.
        """
        named = (part.strip() for part in text.split(","))
        return cls(tuple(ipaddress.ip_network(part) for part in named if part))

    def open(self, address: str) -> bool:
        """Whether an address lies in one of these networks."""
        found = ipaddress.ip_address(address)
        return any(reached in network for reached in _reached(found) for network in self.networks)

    def allows(self, address: str) -> bool:
        """Whether a webhook may be sent to an address: it is open, or public on every reading."""
        found = ipaddress.ip_address(address)
        return self.open(address) or all(map(_is_public, _reached(found)))


def _reached(address: IPv4Address | IPv6Address) -> list[IPv4Address | IPv6Address]:
    """The hosts that a packet to this address may come to: itself, or an IPv4 address within."""
    if isinstance(address, IPv4Address):
        return [address]
    if address.ipv4_mapped:  # the kernel speaks plain IPv4 to it
        return [address.ipv4_mapped]
    if address in _NAT64:
        return [IPv4Address(int(address) & 0xFFFFFFFF)]
    tunnelled = [address.sixtofour, *(address.teredo or ())]
    return [address, *(one for one in tunnelled if one)]


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address):
        return address.is_global and address in _UNICAST
    return address.is_global and not (address.is_multicast or address.is_reserved)


def _known(text: str) -> str:
    try:
        AllowedNetworks.parse(text)
    except ValueError as error:
        raise ValueError(f"has a network that cannot be read ({error})") from error
    return text


#: Networks as a setting names them, commas between.
NetworkList = Annotated[str, AfterValidator(_known)]
