"""The app: every route of the back office, its errors, its ETags and its page."""

from importlib.metadata import version

from fastapi import APIRouter, Depends, FastAPI

from producer.backoffice import health, page
from producer.backoffice.api import (
    batches,
    creating,
    invocations,
    renderings,
    results,
    schedules,
    steering,
    styles,
    workers,
)
from producer.backoffice.asking import admitted
from producer.backoffice.desk import Desk
from producer.backoffice.etags import ETags
from producer.backoffice.gatekeeper import Gatekeeper, OpenDoor
from producer.backoffice.office import Office
from producer.backoffice.problems import RESPONSES, tell_problems

#: Where the API is served.
API = "/api/v1"
#: A request's body is JSON of so many bytes; what takes pictures has a limit of its own.
MAX_BODY_BYTES = 10_000_000
#: One router per resource.
ROUTERS = (
    batches.router,
    creating.router,
    renderings.router,
    invocations.router,
    steering.router,
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
    app.state.desk = Desk()
    app.state.gatekeeper = gatekeeper or OpenDoor()
    tell_problems(app)
    app.add_middleware(ETags)
    app.include_router(health.router)
    app.include_router(_api())
    # Where SageMaker's own clients look for it.
    app.include_router(invocations.router, dependencies=[Depends(admitted)], responses=RESPONSES)
    page.serve(app)
    return app


def _api() -> APIRouter:
    api = APIRouter(prefix=API, dependencies=[Depends(admitted)], responses=RESPONSES)
    for router in ROUTERS:
        api.include_router(router)
    return api
