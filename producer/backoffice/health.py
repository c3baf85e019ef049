"""Health: whether the process answers, for load balancers; nobody signs in for it."""

from typing import Literal

from fastapi import APIRouter

from shared.record import Record

router = APIRouter(tags=["health"])


class Health(Record):
    """The process answers."""

    status: Literal["ok"] = "ok"


@router.get("/healthz")
async def healthz() -> Health:
    """Whether the process answers; Redis and S3 are not asked."""
    return Health()


@router.get("/ping")
async def ping() -> Health:
    """The same, where SageMaker asks for it."""
    return Health()
