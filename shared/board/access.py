"""Access: tokens of the back office, and the sessions that people open with them.

The board keeps SHA-256 digests only, of secrets and of sessions' ids: nothing in Redis signs in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.board.part import Part, milliseconds
from shared.board.records import moment, pairs
from shared.errors import TokenExists, TokenUnknown
from shared.roles import Role

#: A session that is not used for this long is over.
SESSION_SECONDS = 12 * 3600.0
#: Sessions of one token at a time; the oldest ends for another one.
MAX_SESSIONS = 100
#: The last use of a token or a session is noted this often at most.
USED_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token as the board has it; its secret is nowhere."""

    token_id: str
    #: By which the audit log tells who it was.
    name: str
    role: Role
    created_at: datetime
    #: None where it lasts until it is revoked.
    expires_at: datetime | None
    #: To a minute; None before its first use.
    used_at: datetime | None
    #: Whether it was over when it was read, by Redis' clock.
    expired: bool


@dataclass(frozen=True, slots=True)
class StoredToken:
    """A token with what its secret is compared with."""

    token: AccessToken
    #: SHA-256 of the secret, in hex.
    digest: str
    #: Whether its last use was noted long enough ago to be noted again.
    stale: bool


class Access(Part):
    """Keeps tokens and sessions."""

    def add_token(
        self,
        token_id: str,
        *,
        name: str,
        role: Role,
        digest: str,
        lifetime_seconds: float | None = None,
    ) -> AccessToken:
        """Keep a token.

        Args:
            token_id: A new one.
            name: Whose it is; no other token has it.
            role: What may be done with it.
            digest: SHA-256 of its secret, in hex.
            lifetime_seconds: Then it is over; by default it lasts until it is revoked.

        Raises:
            TokenExists: The name is taken.
            RedisUnreachable: Redis does not answer.
        """
        lifetime = "" if lifetime_seconds is None else milliseconds(lifetime_seconds)
        if not self._connection.run("add_token", token_id, name, role, digest, lifetime):
            raise TokenExists(token=name)
        return self.token(token_id).token

    def token(self, token_id: str) -> StoredToken:
        """One token, one that has expired too.

        Raises:
            TokenUnknown: No such token.
            RedisUnreachable: Redis does not answer.
        """
        flat, now = self._connection.run("find_token", token_id)
        if not flat:
            raise TokenUnknown(token=token_id)
        fields, used_before = pairs(flat), float(now) - milliseconds(USED_SECONDS)
        stale = float(fields.get("used", 0)) <= used_before
        return StoredToken(_load(token_id, flat, now), fields["digest"], stale)

    def tokens(self) -> list[AccessToken]:
        """Every token, those that have expired too, the oldest first.

        Raises:
            RedisUnreachable: Redis does not answer.
        """
        *rows, now = self._connection.run("list_tokens")
        found = [_load(token_id, flat, now) for token_id, flat in rows]
        return sorted(found, key=lambda token: token.created_at)

    def has_tokens(self) -> bool:
        """Whether there is a token at all, one that has expired too.

        Raises:
            RedisUnreachable: Redis does not answer.
        """
        return bool(self._connection.run("has_tokens"))

    def use_token(self, token_id: str) -> None:
        """Note that a token was used now.

        Raises:
            RedisUnreachable: Redis does not answer.
        """
        self._connection.run("use_token", token_id)

    def revoke_token(self, token_id: str) -> None:
        """Forget a token; its sessions are over at once.

        Raises:
            TokenUnknown: No such token.
            RedisUnreachable: Redis does not answer.
        """
        if not self._connection.run("revoke_token", token_id):
            raise TokenUnknown(token=token_id)

    def open_session(self, digest: str, token_id: str) -> None:
        """Open a session of a token.

        Args:
            digest: SHA-256 of the session's id, in hex.
            token_id: Whose session it is.

        Raises:
            TokenUnknown: No such token (any more).
            RedisUnreachable: Redis does not answer.
        """
        lifetime = milliseconds(SESSION_SECONDS)
        if not self._connection.run("open_session", digest, token_id, lifetime, MAX_SESSIONS):
            raise TokenUnknown(token=token_id)

    def session(self, digest: str) -> AccessToken | None:
        """The token of a session, which lasts anew; None where it is over, or never was.

        Raises:
            RedisUnreachable: Redis does not answer.
        """
        times = milliseconds(SESSION_SECONDS), milliseconds(USED_SECONDS)
        reply = self._connection.run("find_session", digest, *times)
        token = _load(*reply) if reply else None
        return None if token is None or token.expired else token

    def close_session(self, digest: str) -> None:
        """End a session; one that is over stays so.

        Raises:
            RedisUnreachable: Redis does not answer.
        """
        self._connection.run("close_session", digest)


def _load(token_id: str, flat: Sequence[Any], now: str) -> AccessToken:
    fields = pairs(flat)
    expires, used = fields.get("expires"), fields.get("used")
    return AccessToken(
        token_id=token_id,
        name=fields["name"],
        role=Role(fields["role"]),
        created_at=moment(float(fields["created"])),
        expires_at=moment(float(expires)) if expires else None,
        used_at=moment(float(used)) if used else None,
        expired=bool(expires) and float(expires or 0) <= float(now),
    )
