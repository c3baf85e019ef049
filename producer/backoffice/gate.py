"""Gate: nobody gets past it unknown, whichever path they ask for, and what they do is noted.

It stands before the routes and before a body is read, so that no route can forget it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import structlog
from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from producer.backoffice.access.caller import Caller
from producer.backoffice.access.gatekeeper import SAFE_METHODS, Gatekeeper, address_of
from producer.backoffice.problems import respond
from shared.board import Act
from shared.errors import BoardError, RestyleError, RoleTooLow
from shared.roles import Role

#: Threads that ask the board who somebody is; of their own, so that no slow route keeps them.
THREADS = 8
#: Where people sign in; the routes there look at the request themselves.
SIGN_IN = "/api/v1/session"
#: Characters of a path and of what is remarked on it that the audit log keeps.
MAX_TARGET = 300

log = structlog.get_logger(__name__)


class Gate:
    """Middleware: lets callers in by their role, refuses others, and keeps the audit log."""

    def __init__(self, app: ASGIApp, open_paths: Iterable[str] = ()) -> None:
        """Stand before an app, whose own gatekeeper says who asks.

        Args:
            app: What is guarded.
            open_paths: What everybody may read, as routes write paths; all others are closed.
        """
        self._app = app
        self._open: list[re.Pattern[str]] = [compile_path(path)[0] for path in open_paths]
        self._threads = CapacityLimiter(THREADS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        if request.method not in SAFE_METHODS:
            send = _Noting(self, request, send)
        try:
            await self._admit(request)
        except RestyleError as error:
            await respond(request, error)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _admit(self, request: Request) -> None:
        if self._is_open(request):
            return
        caller = await self.in_thread(_gatekeeper(request).identify, request)
        request.state.caller = caller
        check_role(caller, Role.VIEWER if request.method in SAFE_METHODS else Role.OPERATOR)

    def _is_open(self, request: Request) -> bool:
        path = request.scope["path"]
        is_page = request.method in SAFE_METHODS and any(one.match(path) for one in self._open)
        return path == SIGN_IN or is_page

    async def in_thread(self, call: Any, *arguments: Any) -> Any:
        """What a call on the board returns, made in a thread."""
        return await to_thread.run_sync(call, *arguments, limiter=self._threads)

    async def note(self, request: Request, status: int) -> None:
        """Put what a caller did, or was refused, into the log and into the audit log."""
        caller: Caller | None = getattr(request.state, "caller", None)
        if caller is None:
            return
        act = _act(request, caller, status)
        told = {"who": act.who, "role": str(act.role), "address": act.address}
        log.info("acted", **told, action=act.action, target=act.target, status=status)
        try:
            await self.in_thread(_gatekeeper(request).board.note_act, act)
        except BoardError as error:  # it is done, whoever can note it
            log.error("an act is not in the audit log", reason=str(error))


def _gatekeeper(request: Request) -> Gatekeeper:
    gatekeeper: Gatekeeper = request.app.state.gatekeeper
    return gatekeeper


def check_role(caller: Caller, needed: Role) -> None:
    """Refuse a caller who may not do this.

    Raises:
        RoleTooLow: Their role covers it not.
    """
    if not caller.role.covers(needed):
        raise RoleTooLow(name=caller.name, role=str(caller.role), needed=str(needed))


def remark(request: Request, text: str) -> None:
    """Let the audit log say what was done to the path that was asked for: `approve, 12 items`."""
    request.state.remark = text


@dataclass(slots=True)
class _Noting:
    """Notes an act before its answer leaves: whoever has the answer finds the act."""

    _gate: Gate
    _request: Request
    _send: Send

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._gate.note(self._request, message["status"])
        await self._send(message)


def _act(request: Request, caller: Caller, status: int) -> Act:
    route = request.scope.get("route")
    text: str = getattr(request.state, "remark", "")
    return Act(
        who=caller.name,
        token_id=caller.token_id,
        role=caller.role,
        address=address_of(request),
        action=getattr(route, "name", "") or request.method.lower(),
        target=(request.scope["path"] + (f": {text}" if text else ""))[:MAX_TARGET],
        status=status,
    )
