"""Tokens over HTTP: an admin lists, makes and revokes them."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Path
from starlette.requests import Request

from producer.backoffice.access.tokens import make_token
from producer.backoffice.asking import TheAdmin, TheOffice
from producer.backoffice.gate import remark
from shared.board import AccessToken
from shared.record import Record
from shared.roles import Role

router = APIRouter(prefix="/tokens", tags=["access"])


class TokenView(Record):
    """A token, without its secret."""

    token_id: str
    name: str
    role: Role
    created_at: datetime
    #: Null where it lasts until it is revoked.
    expires_at: datetime | None
    #: To a minute; null before its first use.
    used_at: datetime | None
    expired: bool

    @classmethod
    def of(cls, token: AccessToken) -> Self:
        """The token."""
        return cls(**asdict(token))


class NewTokenView(TokenView):
    """A token that was just made."""

    #: rst_ID_SECRET; it is told this once.
    token: str


class TokenList(Record):
    """Every token, those that have expired too, the oldest first."""

    tokens: list[TokenView]


class NewToken(Record):
    """A token to be made."""

    name: str
    role: Role
    #: A duration such as 90d; null: until it is revoked.
    expires: str | None = None


@router.get("")
def list_tokens(office: TheOffice, admin: TheAdmin) -> TokenList:  # noqa: ARG001 - who may ask
    """Every token, without secrets."""
    return TokenList(tokens=[TokenView.of(token) for token in office.board.tokens()])


@router.post("", status_code=201)
def add_token(
    request: Request,
    office: TheOffice,
    admin: TheAdmin,  # noqa: ARG001 - who may ask
    body: NewToken,
) -> NewTokenView:
    """Make a token; its secret is in this answer only."""
    made = make_token(office.board, body.name, body.role, body.expires)
    remark(request, f"{made.token.name}, {made.token.role}")
    return NewTokenView(**asdict(made.token), token=str(made.credential))


@router.delete("/{token_id}", status_code=204)
def revoke_token(
    office: TheOffice,
    admin: TheAdmin,  # noqa: ARG001 - who may ask
    token_id: Annotated[str, Path(description="The token's id, without rst_ and the secret.")],
) -> None:
    """Revoke a token; its sessions are over at once."""
    office.board.revoke_token(token_id)
