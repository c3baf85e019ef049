"""The sidecar: JSON beside a result; all that replays it, explains it and proves it.

Workers write it and producers read it back, both through these very records.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, Field, ValidationError, model_validator
from pydantic_core import from_json

from shared.errors import SidecarInvalid
from shared.facts import Address, Call, Facts, MaskFacts, StoredFile
from shared.jobs import BatchId, Digest, Failure, ResolvedModel
from shared.sampling import Sampling
from shared.styles import Style
from shared.wording import first_problems

#: A sidecar is a few kilobytes; more is another kind of file.
MAX_SIDECAR_BYTES = 1_000_000

#: Differences of two pictures, per channel.
Levels = Annotated[int, Field(ge=0, le=255)]


class Renderer(Facts):
    """The code that rendered."""

    #: `shared.fingerprint.RENDERER_VERSION`.
    version: int
    #: Releases of Python and of the libraries that can move a pixel.
    libraries: dict[str, str]


class DeviceFacts(Facts):
    """What the models ran on."""

    #: As torch names it: `cpu`, `cuda:0`.
    name: str
    #: What it is: the GPU's name, or the CPU's kind and the instructions that torch uses of it.
    hardware: str
    #: What the models compute in: `float32`, `float16`.
    precision: str
    #: CUDA's version as torch was built with it; None on a CPU.
    cuda: str | None = None


class WorkerFacts(Facts):
    """Who rendered, and at which try."""

    #: Host, device and process, as on the board.
    owner: str
    #: How often the item was claimed, the last time included.
    deliveries: int = Field(ge=1)
    #: How many of these claims ended in a retry after a passing fault.
    retries: int = Field(ge=0)


class SourceFacts(Facts):
    """The very object that was rendered."""

    address: Address
    etag: str
    #: In bytes.
    size: int = Field(ge=0)
    sha256: Digest
    #: In pixels, upright.
    width: int = Field(ge=1)
    height: int = Field(ge=1)
    #: Oddities that were put right, as clauses.
    notes: tuple[str, ...] = ()


class ModelFacts(Facts):
    """The models as the submission resolved them."""

    #: None where the row supplied its own mask.
    segmenter: ResolvedModel | None
    painter: ResolvedModel


class CropFacts(Facts):
    """A square that was painted, in source pixels; it may stick out of the picture."""

    left: int
    top: int
    side: int = Field(ge=1)


class Proof(Facts):
    """How far the kept pixels of one variant are from the source, per channel."""

    #: Largest difference outside the mask before encoding; 0 or the item is not reported done.
    outside_before_encoding: Levels
    #: The same after decoding what was uploaded: 0 where lossless, else the encoder's error.
    outside_after_decoding: Levels


class WrittenFacts(Facts):
    """How a variant's file was written, and what it carries beside its pixels."""

    #: JPEG, PNG, WEBP or AVIF.
    container: str
    #: The encoder's, in Pillow's words.
    options: dict[str, Any]
    #: IPTC's address of how the picture came about; None where the file does not say.
    digital_source_type: str | None
    #: Which of icc, exif and xmp the file holds.
    carries: tuple[str, ...]
    #: What of the source's was left behind, as clauses.
    notes: tuple[str, ...]


class DriftFacts(Facts):
    """How far the painted edge was from the source, RMS over pixels and channels, in levels."""

    before: float = Field(ge=0)
    #: The same after the correction; equal where it would not have helped.
    after: float = Field(ge=0)


class SquareFacts(Facts):
    """How one crop of one variant was painted."""

    #: The call that painted it.
    call: Call
    #: None where no pixel of the edge shows what the source shows.
    drift: DriftFacts | None


class VariantFacts(StoredFile):
    """One painted picture."""

    #: Of its first crop; those of further crops follow from it.
    seed: int = Field(ge=0, lt=2**63)
    #: In bytes.
    size: int = Field(ge=0)
    written: WrittenFacts
    proof: Proof
    #: One for each of the sidecar's crops, in their order.
    squares: tuple[SquareFacts, ...] = Field(min_length=1)

    @property
    def batch_mates(self) -> int:
        """Other requests in the largest call that painted a part of it."""
        return max(square.call.batch_mates for square in self.squares)


class Sidecar(Facts):
    """Everything about one result."""

    version: Literal[1] = 1
    state: Literal["done"] = "done"
    batch_id: BatchId
    number: int = Field(ge=0)
    external_id: str
    fingerprint: Digest
    rendered_at: AwareDatetime
    renderer: Renderer
    worker: WorkerFacts
    device: DeviceFacts
    source: SourceFacts
    #: With the row's overrides applied.
    style: Style
    style_digest: Digest
    models: ModelFacts
    #: What the style's `speed` made of its scheduler and steps.
    sampling: Sampling
    mask: MaskFacts
    #: That of the largest garment first.
    crops: tuple[CropFacts, ...] = Field(min_length=1)
    #: Variant 1 first.
    variants: tuple[VariantFacts, ...] = Field(min_length=1)
    #: The strip of small pictures: source, mask, variants.
    thumbnails: Address | None = None
    #: What a person should know of how it was painted, as clauses.
    notes: tuple[str, ...] = ()
    #: By stage of the item's way.
    timings_seconds: dict[str, float]

    @model_validator(mode="after")
    def _as_many_as_asked_for(self) -> Self:
        if len(self.variants) != self.style.variants:
            msg = f"it names {len(self.variants)} variants of the style's {self.style.variants}"
            raise ValueError(msg)
        if any(len(variant.squares) != len(self.crops) for variant in self.variants):
            msg = f"it names {len(self.crops)} crops, and not as many squares of each variant"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _one_way_to_the_mask(self) -> Self:
        if (self.models.segmenter is None) != (self.mask.supplied is not None):
            msg = "its mask is either supplied or found by a segmenter"
            raise ValueError(msg)
        return self


class FailedSource(Facts):
    """The source of an item that has no result: it may never have been seen."""

    address: str


class FailureSidecar(Facts):
    """Why there is no result."""

    version: Literal[1] = 1
    state: Literal["failed"] = "failed"
    batch_id: BatchId
    number: int = Field(ge=0)
    external_id: str
    failed_at: AwareDatetime
    renderer: Renderer
    worker: WorkerFacts
    source: FailedSource
    #: As asked for: fields that a worker refused included.
    style: dict[str, Any]
    error: Failure


def parse_sidecar(body: bytes, *, where: str) -> Sidecar | FailureSidecar:
    """Read a sidecar; `where` names it in errors.

    Raises:
        SidecarInvalid: Not JSON, not a sidecar, or one of another version.
    """
    try:
        fields = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise SidecarInvalid(sidecar=where, reason=f"it is no JSON ({error})") from error
    if not isinstance(fields, dict):
        raise SidecarInvalid(sidecar=where, reason="it is no JSON object")
    kind = FailureSidecar if fields.get("state") == "failed" else Sidecar
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        reason = first_problems(error, kind.model_fields)
        raise SidecarInvalid(sidecar=where, reason=reason) from error


def dump_sidecar(sidecar: Sidecar | FailureSidecar) -> bytes:
    """The sidecar as UTF-8 JSON for people and programs."""
    # Where a failure's own sidecar lies is no news in it.
    left_out = {"error": {"sidecar"}} if isinstance(sidecar, FailureSidecar) else None
    return sidecar.model_dump_json(indent=2, exclude=left_out).encode()
