"""The audit log over HTTP: who did what, from where, and what came of it."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Query

from producer.backoffice.asking import TheAdmin, TheOffice
from shared.board import Act
from shared.board.audit import MAX_ACTS
from shared.record import Record
from shared.roles import Role

router = APIRouter(prefix="/audit", tags=["access"])


class ActView(Record):
    """Something that was done, or refused to somebody known."""

    at: datetime | None
    who: str
    #: Empty for `local`.
    token_id: str
    role: Role
    address: str
    #: The route's name.
    action: str
    #: The path, and what the route said of it.
    target: str
    #: The HTTP status of the answer.
    status: int

    @classmethod
    def of(cls, act: Act) -> Self:
        """The act."""
        return cls(**asdict(act))


class ActList(Record):
    """The newest acts, newest first."""

    acts: list[ActView]


@router.get("")
def list_acts(
    office: TheOffice,
    admin: TheAdmin,  # noqa: ARG001 - who may ask
    limit: Annotated[int, Query(ge=1, le=MAX_ACTS)] = 100,
) -> ActList:
    """The newest acts; the back office's own log has the older ones."""
    return ActList(acts=[ActView.of(act) for act in office.board.acts(limit)])
