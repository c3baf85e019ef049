"""URLs as people are shown them, and as they name where Restyle is served."""

import ipaddress
import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator


def mask_url(url: str) -> str:
    """The URL with its password, if any, replaced by `***`, in its query too."""
    url = re.sub(r"(?i)([?&]\w*password=)[^&#]*", r"\1***", url)
    scheme, found, rest = url.partition("://")
    credentials, at, host = rest.rpartition("@")
    if not (found and at):
        return url
    user, colon, _ = credentials.partition(":")
    return f"{scheme}://{user}{colon}***@{host}" if colon else f"{scheme}://***@{host}"


def mask_urls(text: str) -> str:
    """The text with the password of each URL in it, if any, replaced by `***`."""
    return re.sub(r"\w+://[^\s/@\"']+@", lambda found: mask_url(found[0]), text)


def hostname(url: str) -> str:
    """The name or address of a URL's host; empty where it has none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:  # brackets that hold no address
        return ""


def is_loopback(host: str) -> bool:
    """Whether a host's name or address is that of this very host."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def public_url(url: str) -> str:
    """The scheme, host and port where people open the page.

    Raises:
        ValueError: It is no such URL; the message is a clause about it.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise ValueError("should be https://HOST or http://HOST, with a port where it needs one")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("should be without a path: the page is served at the root of its host")
    return f"{parts.scheme}://{parts.netloc}"


#: scheme://host[:port], where people open the page.
PublicUrl = Annotated[str, AfterValidator(public_url)]
