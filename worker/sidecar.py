"""The sidecar: JSON beside a result; all that replays it, explains it and proves it."""

import json
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from shared.errors import RestyleError
from shared.fingerprint import RENDERER_VERSION
from shared.jobs import Batch, Claim, Failure, ResolvedModel
from shared.keys import ResultKeys, S3Address, item_mark
from shared.styles import Style
from worker.crops import Crop
from worker.drift import Drift

#: Grows when a field changes its meaning.
SIDECAR_VERSION = 1
#: Libraries whose release can move a pixel.
LIBRARIES = ("restyle", "torch", "diffusers", "transformers", "numpy", "pillow")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """How far the kept pixels of one variant are from the source, per channel, 0 to 255."""

    #: Largest difference outside the mask before encoding; 0 or the item is not reported done.
    outside_before_encoding: int
    #: The same after decoding what was uploaded: 0 for PNG, the encoder's error for JPEG.
    outside_after_decoding: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Painted:
    """One variant as the sidecar tells of it."""

    address: str
    seed: int
    sha256: str
    size: int
    proof: Proof
    #: Colour drift of each crop; None where it could not be measured.
    drift: tuple[Drift | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Everything about one render that is not already in claim and batch."""

    fingerprint: str
    source_etag: str
    source_size: int
    width: int
    height: int
    notes: tuple[str, ...]
    style: Style
    segmenter: ResolvedModel | None
    painter: ResolvedModel
    mask: str
    mask_area: float
    crops: tuple[Crop, ...]
    variants: tuple[Painted, ...]
    device: str
    timings_seconds: Mapping[str, float]


def sidecar(claim: Claim, batch: Batch, account: Account) -> bytes:
    """The sidecar of a result, UTF-8 JSON."""
    fields = {
        "state": "done",
        "fingerprint": account.fingerprint,
        "source": _source(claim, account),
        "style": account.style.model_dump(mode="json"),
        "models": _models(account),
        "mask": {
            "address": account.mask,
            "supplied": claim.spec.mask,
            "area": round(account.mask_area, 6),
        },
        "crops": [asdict(crop) for crop in account.crops],
        "variants": [asdict(variant) for variant in account.variants],
        "device": account.device,
        "timings_seconds": dict(account.timings_seconds),
    }
    return _json(claim, batch, fields)


def failure_address(batch: Batch, claim: Claim) -> S3Address:
    """Where it is said that an item failed; it may have failed before it had a fingerprint."""
    mark = item_mark(claim.batch_id, claim.spec.number)
    return ResultKeys.of(batch.output, claim.spec.source, mark).failure


def failure_sidecar(claim: Claim, batch: Batch, error: RestyleError) -> bytes:
    """What is kept beside the results when there is no result, UTF-8 JSON."""
    fields = {
        "state": "failed",
        "source": {"address": claim.spec.source},
        "style": batch.style.model_dump(mode="json") | claim.spec.overrides,
        "error": Failure.of(error).model_dump(mode="json", exclude={"sidecar"}),
    }
    return _json(claim, batch, fields)


def _json(claim: Claim, batch: Batch, fields: Mapping[str, object]) -> bytes:
    head = {
        "version": SIDECAR_VERSION,
        "batch_id": batch.batch_id,
        "number": claim.spec.number,
        "external_id": claim.spec.external_id,
        "renderer": {"version": RENDERER_VERSION, "libraries": library_versions()},
    }
    return json.dumps({**head, **fields}, ensure_ascii=False, indent=2).encode()


def _source(claim: Claim, account: Account) -> dict[str, object]:
    return {
        "address": claim.spec.source,
        "etag": account.source_etag,
        "size": account.source_size,
        "width": account.width,
        "height": account.height,
        "notes": list(account.notes),
    }


def _models(account: Account) -> dict[str, object]:
    models = {"segmenter": account.segmenter, "painter": account.painter}
    return {name: model and model.model_dump(mode="json") for name, model in models.items()}


@cache
def library_versions() -> dict[str, str]:
    """Releases of Python and of the libraries that can move a pixel."""
    return {"python": platform.python_version()} | {name: _version(name) for name in LIBRARIES}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
