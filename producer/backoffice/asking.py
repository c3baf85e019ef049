"""What a route may ask for as an argument: the office, and who asks."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from producer.backoffice.gatekeeper import Caller, Gatekeeper, Role
from producer.backoffice.office import Office

#: Methods that change nothing; a viewer may use them.
SAFE_METHODS = frozenset({"GET", "HEAD"})


def the_office(request: Request) -> Office:
    """The app's office."""
    office: Office = request.app.state.office
    return office


def the_gatekeeper(request: Request) -> Gatekeeper:
    """The app's gatekeeper."""
    gatekeeper: Gatekeeper = request.app.state.gatekeeper
    return gatekeeper


def admitted(request: Request) -> Caller:
    """Who asks: a viewer at least where nothing is changed, else an operator.

    Every route under /api/v1 depends on it, so that none is forgotten.
    """
    least = Role.VIEWER if request.method in SAFE_METHODS else Role.OPERATOR
    return the_gatekeeper(request).admit(request, least)


def admitted_admin(request: Request) -> Caller:
    """Who asks, an admin."""
    return the_gatekeeper(request).admit(request, Role.ADMIN)


TheOffice = Annotated[Office, Depends(the_office)]
TheCaller = Annotated[Caller, Depends(admitted)]
TheAdmin = Annotated[Caller, Depends(admitted_admin)]
