"""Links: presigned URLs that stay the same for a while, so that an answer with them does too."""

import functools
import time

from shared.keys import S3Address
from shared.s3 import ObjectStore

#: A link is good for so long at least.
LINK_SECONDS = 3_600
#: It is the same one for so long.
SAME_SECONDS = 1_800
#: Links that are kept.
MOST_LINKS = 20_000


class Links:
    """Makes links to a store's objects; safe for threads."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._made = functools.lru_cache(MOST_LINKS)(self._make)

    def link(self, address: str) -> str:
        """A URL under which an object can be read for an hour at least.

        Raises:
            PlaceNotAllowed: It lies outside of the allowed places.
            CredentialsMissing: There are no keys to sign with.
        """
        return self._made(address, int(time.monotonic() // SAME_SECONDS))

    def _make(self, address: str, period: int) -> str:  # noqa: ARG002 - tells links apart
        return self._store.link(S3Address.parse(address), LINK_SECONDS + SAME_SECONDS)
