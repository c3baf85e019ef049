"""Credentials: tokens as people hold them, and what is kept of them."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Self

#: The cookie with a session's id.
COOKIE = "restyle_session"
#: Bytes of a token's secret, and of a session's id.
SECRET_BYTES = 32
#: Bytes of a token's id.
ID_BYTES = 5
#: Compared with where there is no such token, so that this takes as long as where there is one.
NOBODY = "0" * 64

#: Letters and digits only: a double click takes a token whole.
_TOKEN = re.compile(rf"rst_([0-9a-f]{{{2 * ID_BYTES}}})_([0-9a-f]{{{2 * SECRET_BYTES}}})")


@dataclass(frozen=True, slots=True)
class Credential:
    """A token as whoever uses it sends it: `rst_ID_SECRET`."""

    token_id: str
    secret: str

    @classmethod
    def new(cls) -> Self:
        """A random one."""
        return cls(secrets.token_hex(ID_BYTES), secrets.token_hex(SECRET_BYTES))

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The credential in a text; None where it is of another form."""
        found = _TOKEN.fullmatch(text.strip())
        return cls(*found.groups()) if found else None

    @property
    def digest(self) -> str:
        """What is kept of the secret."""
        return digest_of(self.secret)

    def matches(self, digest: str) -> bool:
        """Whether a digest is this secret's; it takes equally long either way."""
        return hmac.compare_digest(self.digest, digest)

    def __str__(self) -> str:
        return f"rst_{self.token_id}_{self.secret}"

    def __repr__(self) -> str:
        return f"<token {self.token_id}>"


def new_session_id() -> str:
    """A random id of a session."""
    return secrets.token_hex(SECRET_BYTES)


def digest_of(secret: str) -> str:
    """SHA-256 in hex; over 256 random bits neither salt nor stretching would add anything."""
    return hashlib.sha256(secret.encode()).hexdigest()


def csrf_of(session_id: str) -> str:
    """What a page proves with that it may read its own session; the id cannot be told from it."""
    return hmac.new(session_id.encode(), b"restyle csrf", hashlib.sha256).hexdigest()
