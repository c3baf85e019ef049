"""URLs as people are shown them."""

import re


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
