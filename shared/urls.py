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
