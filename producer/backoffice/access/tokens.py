"""Tokens: making one, for the command line and the API."""

import re
from typing import NamedTuple

from producer.backoffice.access.caller import LOCAL
from producer.backoffice.access.credential import Credential
from shared.board import AccessToken, StatusBoard
from shared.durations import parse_duration
from shared.errors import TokenInvalid
from shared.roles import Role

#: A token that is to last longer lasts until it is revoked.
MAX_LIFETIME_SECONDS = 3650 * 86_400

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")


class NewToken(NamedTuple):
    """A token that was just made; its secret is told this once."""

    token: AccessToken
    credential: Credential


def make_token(board: StatusBoard, name: str, role: Role, expires: str | None = None) -> NewToken:
    """Make a token and keep its digest.

    Args:
        board: Keeps it.
        name: Whose it is; the audit log tells people by it.
        role: What may be done with it.
        expires: A duration such as 90d; by default it lasts until it is revoked.

    Raises:
        TokenInvalid: Its name or its lifetime cannot be used.
        TokenExists: The name is taken.
        RedisUnreachable: Redis does not answer.
    """
    if not _NAME.fullmatch(name):
        raise TokenInvalid(token=name, reason="its name is none")
    if name == LOCAL.name:
        reason = f"{name} is whoever asks where there is no token"
        raise TokenInvalid(token=name, reason=reason)
    seconds, credential = _lifetime(name, expires), Credential.new()
    token = board.add_token(
        credential.token_id,
        name=name,
        role=role,
        digest=credential.digest,
        lifetime_seconds=seconds,
    )
    return NewToken(token, credential)


def _lifetime(name: str, expires: str | None) -> int | None:
    if expires is None:
        return None
    try:
        seconds = parse_duration(expires)
    except ValueError as error:
        raise TokenInvalid(token=name, reason=str(error)) from error
    if not 0 < seconds <= MAX_LIFETIME_SECONDS:
        reason = f"it should last for more than 0 and at most 3650d, not {expires}"
        raise TokenInvalid(token=name, reason=reason)
    return seconds
