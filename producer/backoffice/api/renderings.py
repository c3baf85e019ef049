"""Renderings over HTTP: try a style on one picture, and see it in the answer or a little later."""

import base64
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from producer.backoffice.asking import TheOffice
from producer.backoffice.bodies import body_of, described
from producer.backoffice.desk import Desk
from producer.backoffice.office import Office
from producer.backoffice.problems import status_of_kind, told
from producer.backoffice.wishes import MAX_BYTES, RenderingBody, wish_of
from producer.rendering import Wish, place_rendering, rendering
from shared.errors import BatchCancelled, RestyleError, registry
from shared.jobs import BATCH_ID_PATTERN, Failure, Item, Result
from shared.keys import S3Address
from shared.record import Record
from shared.states import ItemState

router = APIRouter(prefix="/renderings", tags=["renderings"])

#: Pictures that are larger together are answered by their links alone.
MAX_ANSWER_BYTES = 100_000_000


class RenderingView(Record):
    """A rendering as it stands."""

    id: str
    state: ItemState
    #: Where to ask again; null when it is done.
    poll: str | None
    #: The pictures in base64, variant 1 first; none while it is not done, or over 100 MB together.
    images: list[str]
    #: URLs of the same pictures, good for an hour.
    links: list[str]
    #: The item of its batch of one.
    item: dict[str, Any]


def the_desk(request: Request) -> Desk:
    """Where people wait for renderings."""
    desk: Desk = request.app.state.desk
    return desk


TheDesk = Annotated[Desk, Depends(the_desk)]


async def a_place(desk: TheDesk) -> AsyncIterator[Desk]:
    """A place at the desk, from before the body is parsed until the answer is made."""
    with desk.place():
        yield desk


APlace = Annotated[Desk, Depends(a_place)]
TheBody = Annotated[RenderingBody, Depends(body_of(RenderingBody, MAX_BYTES))]
RenderingName = Annotated[str, Path(pattern=BATCH_ID_PATTERN, description="The rendering's id.")]


@router.post(
    "",
    response_model=RenderingView,
    responses={202: {"description": "It takes longer: ask at `poll`.", "model": RenderingView}},
    openapi_extra=described(RenderingBody),
)
async def render(desk: APlace, office: TheOffice, body: TheBody, request: Request) -> Response:
    """Render one picture before everything else, and answer with it."""
    rendering_id = await run_in_threadpool(_placed, body, desk, office)
    item = await desk.ended(rendering_id, office.board, body.wait_seconds, request)
    return await run_in_threadpool(_told, rendering_id, item, office, with_images=True)


@router.get("/{rendering}", response_model=RenderingView)
def read_rendering(
    office: TheOffice,
    rendering_id: Annotated[RenderingName, Path(alias="rendering")],
    *,
    images: Annotated[bool, Query(description="Whether the pictures are in the answer.")] = True,
) -> Response:
    """How a rendering stands; one that failed is answered as its item's problem."""
    item = rendering(rendering_id, office.board)
    return _told(rendering_id, item, office, with_images=images, status=200)


def _placed(body: RenderingBody, desk: Desk, office: Office) -> str:
    return placed(wish_of(body, office.settings), desk, office)


def placed(wish: Wish, desk: Desk, office: Office) -> str:
    """Queue a rendering; raises as `place_rendering`."""
    return place_rendering(
        wish,
        office.board,
        office.store,
        resolve=lambda reference: desk.resolved(reference, office.store),
        dispatch=office.dispatch,
    )


def _told(
    rendering_id: str, item: Item, office: Office, *, with_images: bool, status: int = 202
) -> Response:
    if problem := problem_of(item):
        return problem
    view = _view(rendering_id, item, office, with_images=with_images)
    status = 200 if item.state is ItemState.DONE else status
    return Response(view.model_dump_json(), status, media_type="application/json")


def _view(rendering_id: str, item: Item, office: Office, *, with_images: bool) -> RenderingView:
    result = item.result if item.state is ItemState.DONE else None
    return RenderingView(
        id=rendering_id,
        state=item.state,
        poll=None if result else f"/api/v1/renderings/{rendering_id}",
        images=encoded(result, office) if result and with_images else [],
        links=[office.links.link(name) for name in result.variants] if result else [],
        item=item.model_dump(mode="json"),
    )


def encoded(result: Result, office: Office) -> list[str]:
    """A result's pictures in base64; none where they are too many bytes for an answer."""
    return [base64.b64encode(content).decode() for content in pictures(result, office)]


def pictures(result: Result, office: Office) -> list[bytes]:
    """A result's pictures; none where they are too many bytes for an answer.

    Raises:
        StorageError: One is gone, or S3 did not answer.
    """
    if result.size > MAX_ANSWER_BYTES:
        return []
    return [
        office.store.get(S3Address.parse(name), max_bytes=MAX_ANSWER_BYTES)
        for name in result.variants
    ]


def problem_of(item: Item) -> Response | None:
    """Why an item has no pictures and will have none, as a problem; None where it may have some."""
    if item.state is ItemState.CANCELLED:
        raise BatchCancelled(batch="of the rendering")
    if item.state is not ItemState.FAILED or item.failure is None:
        return None
    return _failed(item.failure)


def _failed(failure: Failure) -> Response:
    """The item's own words; a code of another release is an inner fault."""
    error = registry().get(failure.code, RestyleError)
    report = failure.model_dump(mode="json", exclude={"sidecar"})
    return told(report, status_of_kind(error), {})
