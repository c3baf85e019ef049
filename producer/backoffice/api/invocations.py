"""Invocations: the JSON of Stable Diffusion endpoints on SageMaker, answered by a rendering.

A client of such an endpoint finds its pictures under the same names; what it sends that is not
named here is passed over, as those endpoints do.
"""

import base64
from typing import Annotated, Any, Self

from fastapi import APIRouter, Depends
from pydantic import ConfigDict, Field, model_validator
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from producer.backoffice.api.renderings import APlace, pictures, placed, problem_of
from producer.backoffice.asking import TheOffice
from producer.backoffice.bodies import body_of, described
from producer.backoffice.office import Office
from producer.backoffice.wishes import MAX_BYTES, RenderingBody, wish_of
from producer.fitting import fitted
from shared.errors import RenderingUnfinished
from shared.jobs import Item
from shared.record import Record
from shared.states import ItemState

router = APIRouter(tags=["renderings"])

#: So long SageMaker itself lets an endpoint take, in seconds.
PATIENCE_SECONDS = 60.0


class InvocationBody(Record):
    """What such an endpoint is sent."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    #: What to paint.
    inputs: str | None = None
    #: Another name of `inputs`.
    prompt: str | None = None
    #: The picture in base64.
    input_img: str
    #: A mask of the same size in base64: white is repainted.
    mask_img: str | None = None
    #: What to repaint, in words, where there is no mask_img.
    mask_prompt: str | list[str] | None = None
    negative_prompt: str | None = None
    num_inference_steps: int | None = Field(None, ge=1, le=200)
    #: 1 and less switch guidance off.
    guidance_scale: float | None = Field(None, ge=0, le=50)
    num_images_per_prompt: int | None = Field(None, ge=1, le=16)
    #: The side that the painter works on; the pictures come back with their longer side this long.
    #: Without it they come back at the picture's own size.
    image_length: int | None = Field(None, ge=64, le=1_536, multiple_of=8)
    seed: int | None = Field(None, ge=0, lt=2**63)
    #: A name among `/styles`, for all that is not said here; by default `default`.
    style: str | None = Field(None, max_length=200)

    @model_validator(mode="after")
    def _says_what_to_paint_and_where(self) -> Self:
        if self.inputs is None and self.prompt is None:
            msg = "inputs (or prompt) says what to paint, and is missing"
            raise ValueError(msg)
        if self.mask_img is None and self.mask_prompt is None:
            msg = "mask_img is missing; mask_prompt may say in words what to repaint instead"
            raise ValueError(msg)
        return self

    def rendering(self) -> RenderingBody:
        """The same, in our own words."""
        guidance = self.guidance_scale
        fields: dict[str, Any] = {
            "image_base64": self.input_img,
            "mask_base64": self.mask_img,
            "style": self.style,
            "prompt": self.inputs if self.inputs is not None else self.prompt,
            "mask_prompt": self.mask_prompt,
            "negative_prompt": self.negative_prompt,
            "steps": self.num_inference_steps,
            "guidance_scale": None if guidance is None else max(guidance, 1.0),
            "variants": self.num_images_per_prompt,
            "working_size": self.image_length,
            "seed": self.seed,
        }
        given = {name: value for name, value in fields.items() if value is not None}
        return RenderingBody.model_validate(given)


class Generated(Record):
    """What such an endpoint answers."""

    #: Pictures in base64, in the container of the one that was sent.
    generated_images: list[str]


TheInvocation = Annotated[InvocationBody, Depends(body_of(InvocationBody, MAX_BYTES))]


@router.post(
    "/invocations",
    response_model=Generated,
    openapi_extra=described(InvocationBody),
)
async def invoke(
    desk: APlace, office: TheOffice, body: TheInvocation, request: Request
) -> Response:
    """Render one picture as a Stable Diffusion endpoint on SageMaker would be asked to."""
    rendering_id = await run_in_threadpool(
        lambda: placed(wish_of(body.rendering(), office.settings), desk, office)
    )
    item = await desk.ended(rendering_id, office.board, PATIENCE_SECONDS, request)
    return await run_in_threadpool(_generated, rendering_id, item, body, office)


def _generated(rendering_id: str, item: Item, body: InvocationBody, office: Office) -> Response:
    if problem := problem_of(item):
        return problem
    if item.state is not ItemState.DONE or item.result is None:
        # Whoever asks so cannot come back for it: a repeated request would be rendered anew.
        office.board.cancel(rendering_id)
        raise RenderingUnfinished(seconds=PATIENCE_SECONDS)
    found = pictures(item.result, office)
    if side := body.image_length:
        names, limit = item.result.variants, office.settings.max_image_pixels
        found = [fitted(raw, name, side, limit) for raw, name in zip(found, names, strict=True)]
    images = [base64.b64encode(raw).decode() for raw in found]
    told = Generated(generated_images=images).model_dump_json()
    return Response(told, media_type="application/json")
