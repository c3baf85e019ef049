"""The session over HTTP: people sign in with a token, and the page learns who they are."""

from typing import Literal

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from producer.backoffice.access.caller import Caller
from producer.backoffice.access.credential import COOKIE, csrf_of
from producer.backoffice.access.gatekeeper import Gatekeeper
from producer.backoffice.asking import TheGatekeeper
from shared.board.access import SESSION_SECONDS
from shared.record import Record
from shared.roles import Role

router = APIRouter(prefix="/session", tags=["session"])


class SignIn(Record):
    """What one signs in with."""

    #: rst_ID_SECRET.
    token: str


class SessionView(Record):
    """Who is signed in."""

    name: str
    role: Role
    kind: Literal["token", "session", "local"]
    #: What unsafe requests send back as X-CSRF-Token; empty where there is no session.
    csrf: str


@router.post("")
def sign_in(
    request: Request, response: Response, gatekeeper: TheGatekeeper, body: SignIn
) -> SessionView:
    """Open a session for whoever holds a token; its id comes back as a cookie."""
    caller, session_id = gatekeeper.sign_in(request, body.token)
    gatekeeper.sign_out(request)  # of the session that the browser had before
    request.state.caller = caller
    _give(response, session_id, secure=gatekeeper.needs_tls(request))
    return _view(caller, session_id)


@router.get("")
def read_session(request: Request, response: Response, gatekeeper: TheGatekeeper) -> SessionView:
    """Who asks; the cookie lasts anew, as the session does."""
    response.headers["Cache-Control"] = "no-store"  # it holds a secret, and is asked for once
    caller, session_id = _signed_in(request, gatekeeper)
    if session_id:
        _give(response, session_id, secure=gatekeeper.needs_tls(request))
    return _view(caller, session_id)


@router.delete("", status_code=204)
def sign_out(request: Request, response: Response, gatekeeper: TheGatekeeper) -> None:
    """End the session."""
    request.state.caller, _ = _signed_in(request, gatekeeper)
    gatekeeper.sign_out(request)
    response.delete_cookie(COOKIE)


def _signed_in(request: Request, gatekeeper: Gatekeeper) -> tuple[Caller, str]:
    caller = gatekeeper.identify(request)
    return caller, request.cookies[COOKIE] if caller.kind == "session" else ""


def _give(response: Response, session_id: str, *, secure: bool) -> None:
    response.set_cookie(
        COOKIE,
        session_id,
        max_age=round(SESSION_SECONDS),
        secure=secure,
        httponly=True,
        samesite="strict",
    )


def _view(caller: Caller, session_id: str) -> SessionView:
    csrf = csrf_of(session_id) if session_id else ""
    return SessionView(name=caller.name, role=caller.role, kind=caller.kind, csrf=csrf)
