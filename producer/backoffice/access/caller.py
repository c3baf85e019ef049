"""Caller: who asks, as routes and the audit log know them."""

from dataclasses import dataclass
from typing import Literal

from shared.board import AccessToken
from shared.roles import Role


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks."""

    #: The name of a token; it stands beside their decisions.
    name: str
    role: Role
    #: A program with a token, a person with a session, or somebody on this very host.
    kind: Literal["token", "session", "local"]
    #: Empty for `local`.
    token_id: str = ""

    @classmethod
    def of(cls, token: AccessToken, kind: Literal["token", "session"]) -> "Caller":
        """Whoever holds a token."""
        return cls(token.name, token.role, kind, token.token_id)


#: Whoever asks from this host, where nobody has made a token.
LOCAL = Caller("local", Role.ADMIN, "local")
