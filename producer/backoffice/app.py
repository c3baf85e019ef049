"""The app: every route of the back office, its errors, its ETags and its page."""

from importlib.metadata import version

from fastapi import APIRouter, Depends, FastAPI
from fastapi.security import HTTPBearer
from starlette.types import ASGIApp

from producer.backoffice import health, page
from producer.backoffice.access.gatekeeper import Gatekeeper
from producer.backoffice.api import (
    audit,
    batches,
    changes,
    creating,
    decisions,
    files,
    invocations,
    items,
    renderings,
    rerenders,
    results,
    schedules,
    session,
    steering,
    styles,
    tokens,
    workers,
)
from producer.backoffice.asking import the_caller
from producer.backoffice.desk import Desk
from producer.backoffice.etags import ETags
from producer.backoffice.gate import Gate
from producer.backoffice.headers import SecurityHeaders
from producer.backoffice.intake import Intake
from producer.backoffice.office import Office
from producer.backoffice.problems import RESPONSES, tell_problems

#: Where the API is served.
API = "/api/v1"
#: One router per resource.
ROUTERS = (
    batches.router,
    creating.router,
    renderings.router,
    invocations.router,
    rerenders.router,
    steering.router,
    items.router,
    files.router,
    changes.router,
    decisions.router,
    results.router,
    schedules.router,
    styles.router,
    workers.router,
    tokens.router,
    audit.router,
)
#: What the OpenAPI document says of tokens; the gate has looked at them.
TOKEN = Depends(HTTPBearer(auto_error=False, scheme_name="token", description="rst_ID_SECRET"))
#: What everybody may read; all other paths are closed to whoever is not known.
OPEN_PATHS = ("/healthz", "/ping", "/static/{rest:path}", *page.PATHS)
#: What takes pictures or rows; bodies are small everywhere else.
LARGE_PATHS = (
    f"{API}/batches",
    f"{API}/batches/{{batch}}/rerenders",
    f"{API}/plans",
    f"{API}/renderings",
    f"{API}/invocations",
    "/invocations",
)


class _App(FastAPI):
    """An app whose every answer has the security headers, that to an unexpected error too."""

    def build_middleware_stack(self) -> ASGIApp:
        return SecurityHeaders(super().build_middleware_stack())


def create_app(office: Office, gatekeeper: Gatekeeper | None = None) -> FastAPI:
    """The app over an office; nothing is sent yet.

    Args:
        office: What the routes work with; whoever made it closes it.
        gatekeeper: Says who asks; by default that of an app that this host alone reaches.
    """
    app = bare_app()
    furnish(app, office, gatekeeper)
    return app


def furnish(app: FastAPI, office: Office, gatekeeper: Gatekeeper | None = None) -> None:
    """Give an app the office that its routes work with."""
    app.state.office = office
    app.state.desk = Desk()
    app.state.gatekeeper = gatekeeper or Gatekeeper(office.board)


def bare_app() -> FastAPI:
    """The app without an office, which it needs before its first request."""
    app = _App(
        title="Restyle",
        version=version("restyle"),
        summary="Restyle a shop's whole image catalogue: poll batches, review, steer.",
        openapi_url=f"{API}/openapi.json",
        docs_url=None,  # Swagger UI would be fetched from somebody else's host
        redoc_url=None,
    )
    tell_problems(app)
    # The last one added stands before all others.
    app.add_middleware(ETags)
    app.add_middleware(Intake, large_paths=LARGE_PATHS)
    app.add_middleware(Gate, open_paths=OPEN_PATHS)
    app.include_router(health.router)
    app.include_router(session.router, prefix=API, responses=RESPONSES)
    app.include_router(_api())
    # Where SageMaker's own clients look for it.
    app.include_router(invocations.router, dependencies=[Depends(the_caller)], responses=RESPONSES)
    page.serve(app)
    return app


def _api() -> APIRouter:
    api = APIRouter(prefix=API, dependencies=[TOKEN, Depends(the_caller)], responses=RESPONSES)
    for router in ROUTERS:
        api.include_router(router)
    return api
