"""What a route may ask for as an argument: the office, and who asks."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends
from starlette.requests import Request

from producer.backoffice.access.caller import Caller
from producer.backoffice.access.gatekeeper import Gatekeeper
from producer.backoffice.gate import check_role
from producer.backoffice.office import Office
from shared.errors import CredentialMissing
from shared.roles import Role


async def the_office(request: Request) -> Office:
    """The app's office."""
    office: Office = request.app.state.office
    return office


async def the_gatekeeper(request: Request) -> Gatekeeper:
    """The app's gatekeeper."""
    gatekeeper: Gatekeeper = request.app.state.gatekeeper
    return gatekeeper


async def the_caller(request: Request) -> Caller:
    """Who asks: the gate let in viewers who only read, and operators.

    Raises:
        CredentialMissing: No gate stands before this app.
    """
    caller: Caller | None = getattr(request.state, "caller", None)
    if caller is None:
        raise CredentialMissing
    return caller


def needs(role: Role) -> Callable[[Caller], Coroutine[Any, Any, Caller]]:
    """Who asks, for a route that asks for more than the gate does."""

    async def check(caller: Annotated[Caller, Depends(the_caller)]) -> Caller:
        check_role(caller, role)
        return caller

    return check


TheOffice = Annotated[Office, Depends(the_office)]
TheGatekeeper = Annotated[Gatekeeper, Depends(the_gatekeeper)]
TheCaller = Annotated[Caller, Depends(the_caller)]
TheAdmin = Annotated[Caller, Depends(needs(Role.ADMIN))]
