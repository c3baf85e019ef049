"""Bodies: a request's JSON, bounded by its path, and parsed beside the event loop.

FastAPI parses a body on the loop that answers everybody, which a picture of megabytes would hold.
"""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from shared.errors import BodyTooLarge
from shared.record import Record

M = TypeVar("M", bound=Record)


def body_of(model: type[M], max_bytes: int) -> Callable[[Request], Awaitable[M]]:
    """A dependency that reads a request's body as a model.

    Args:
        model: What the JSON must be.
        max_bytes: Larger bodies are refused.
    """

    async def read(request: Request) -> M:
        content = await _content(request, max_bytes)
        try:
            return await run_in_threadpool(model.model_validate_json, content)
        except ValidationError as error:
            found = [{**detail, "loc": ("body", *detail["loc"])} for detail in error.errors()]
            raise RequestValidationError(found) from error

    return read


def described(model: type[Record]) -> dict[str, Any]:
    """What the OpenAPI document says of a route with such a body.

    A model within it must be one that another route describes, too.
    """
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)
    content = {"application/json": {"schema": schema}}
    return {"requestBody": {"required": True, "content": content}}


async def _content(request: Request, max_bytes: int) -> bytes:
    content = await request.body()
    if len(content) > max_bytes:
        raise BodyTooLarge(limit=max_bytes)
    return content
