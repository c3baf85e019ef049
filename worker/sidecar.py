"""What a worker says of itself and of its failures in sidecars; `shared.sidecars` is their form."""

import platform
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from shared.errors import RestyleError
from shared.fingerprint import RENDERER_VERSION
from shared.jobs import Batch, Claim, Failure
from shared.keys import ResultKeys, S3Address, item_mark
from shared.sidecars import FailedSource, FailureSidecar, Renderer, WorkerFacts

#: Libraries whose release can move a pixel.
LIBRARIES = (
    "restyle",
    "torch",
    "diffusers",
    "transformers",
    "accelerate",
    "safetensors",
    "numpy",
    "opencv-python-headless",
    "pillow",
)


def failure_address(batch: Batch, claim: Claim) -> S3Address:
    """Where it is said that an item failed; it may have failed before it had a fingerprint."""
    mark = item_mark(claim.batch_id, claim.spec.number)
    return ResultKeys.of(batch.output, claim.spec.source, mark).failure


def failure_sidecar(claim: Claim, batch: Batch, error: RestyleError) -> FailureSidecar:
    """What is kept beside the results when there is no result."""
    return FailureSidecar(
        batch_id=claim.batch_id,
        number=claim.spec.number,
        external_id=claim.spec.external_id,
        failed_at=datetime.now(UTC),
        renderer=renderer(),
        worker=worker_facts(claim),
        source=FailedSource(address=claim.spec.source),
        style=batch.style.model_dump(mode="json") | claim.spec.overrides,
        error=Failure.of(error),
    )


def worker_facts(claim: Claim) -> WorkerFacts:
    """Who holds the claim, and at which try."""
    return WorkerFacts(owner=claim.owner, deliveries=claim.deliveries, retries=claim.retries)


@cache
def renderer() -> Renderer:
    """This process's code: the renderer's version and the releases of what can move a pixel."""
    python = {"python": platform.python_version()}
    libraries = python | {name: _version(name) for name in LIBRARIES}
    return Renderer(version=RENDERER_VERSION, libraries=libraries)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
