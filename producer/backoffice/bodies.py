"""Bodies: a request's JSON, bounded, read once its caller was let in, parsed beside the event loop.

FastAPI reads and parses a body before it asks who sent it, on the loop that answers everybody.
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
        max_bytes: Larger bodies are refused, before they are read where their length is told.
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
    """What the OpenAPI document says of a route with such a body; the model holds no other."""
    schema = model.model_json_schema()
    content = {"application/json": {"schema": schema}}
    return {"requestBody": {"required": True, "content": content}}


async def _content(request: Request, max_bytes: int) -> bytes:
    told = request.headers.get("content-length", "")
    if told.isdecimal() and int(told) > max_bytes:
        raise BodyTooLarge(limit=max_bytes)
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > max_bytes:
            raise BodyTooLarge(limit=max_bytes)
    return bytes(content)
