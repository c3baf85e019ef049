"""The app: every route of the back office, its errors, its ETags and its page."""

from importlib.metadata import version

from fastapi import APIRouter, Depends, FastAPI

from producer.backoffice import health, page
from producer.backoffice.api import (
    batches,
    changes,
    decisions,
    files,
    items,
    results,
    schedules,
    steering,
    styles,
    workers,
)
from producer.backoffice.asking import admitted
from producer.backoffice.etags import ETags
from producer.backoffice.gatekeeper import Gatekeeper, OpenDoor
from producer.backoffice.office import Office
from producer.backoffice.problems import RESPONSES, tell_problems

#: Where the API is served.
API = "/api/v1"
#: A request's body is JSON with at most one picture in it.
MAX_BODY_BYTES = 80_000_000
#: One router per resource.
ROUTERS = (
    batches.router,
    steering.router,
    items.router,
    files.router,
    changes.router,
    decisions.router,
    results.router,
    schedules.router,
    styles.router,
    workers.router,
)


def create_app(office: Office, gatekeeper: Gatekeeper | None = None) -> FastAPI:
    """The app over an office; nothing is sent yet.

    Args:
        office: What the routes work with; whoever made it closes it.
        gatekeeper: Says who may do what; by default everybody may do everything.
    """
    app = FastAPI(
        title="Restyle",
        version=version("restyle"),
        summary="Restyle a shop's whole image catalogue: poll batches, review, steer.",
        openapi_url=f"{API}/openapi.json",
        docs_url=None,  # Swagger UI would be fetched from somebody else's host
        redoc_url=None,
        max_body_size=MAX_BODY_BYTES,
    )
    app.state.office = office
    app.state.gatekeeper = gatekeeper or OpenDoor()
    tell_problems(app)
    app.add_middleware(ETags)
    app.include_router(health.router)
    app.include_router(_api())
    page.serve(app)
    return app


def _api() -> APIRouter:
    api = APIRouter(prefix=API, dependencies=[Depends(admitted)], responses=RESPONSES)
    for router in ROUTERS:
        api.include_router(router)
    return api
