"""Batch, Item, Claim, Result: what is stored, and the queue's versioned message.

Everything here is frozen and strict: values cross process borders as JSON.
"""

from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field

from shared.errors import RestyleError
from shared.states import ItemState
from shared.styles import Style

BATCH_ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"

BatchId = Annotated[str, Field(pattern=BATCH_ID_PATTERN)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Lane = Literal["urgent", "standard", "bulk"]
#: Lanes in strict order: a later one is served when the earlier ones are.
LANES: tuple[Lane, ...] = ("urgent", "standard", "bulk")


class Record(BaseModel):
    """Base of all stored values."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ItemSpec(Record):
    """One row of a manifest, checked: what to render, not yet how it went."""

    #: Position in the manifest, from 0; with the batch id it names the item everywhere.
    number: int = Field(ge=0)
    external_id: str
    #: s3://bucket/key of the source picture.
    source: str
    #: s3://bucket/key of a supplied mask, which is used as it is.
    mask: str | None = None
    #: Fields of the style that this row replaces.
    overrides: dict[str, Any] = Field(default_factory=dict)
    #: ETag and size in bytes, where a listing told them at submission; else pinned by the claim.
    etag: str | None = None
    size: int | None = None


class ResolvedModel(Record):
    """A model reference as the submission found it."""

    #: As written in the style.
    reference: str
    kind: Literal["hub", "directory", "archive"]
    #: Commit (hub), SHA-256 of the tree (directory) or of the file (archive); hex.
    digest: str


class KeptCatalogue(Record):
    """The file that a batch was made from, kept to be written back with its results."""

    #: s3://bucket/key of its bytes.
    address: str
    #: What it was taken for; `own` for our own form.
    format: str
    #: The producer's `Reading` under which it was read, as JSON.
    reading: dict[str, Any] = Field(default_factory=dict)


class Batch(Record):
    """The items of one submission; immutable once submitted."""

    version: Literal[1] = 1
    batch_id: BatchId
    submitted_at: datetime
    #: s3://bucket/prefix/ that results go under.
    output: str
    style: Style
    #: Every model reference of the style and of the rows' overrides, resolved.
    models: dict[str, ResolvedModel]
    #: Number of items.
    total: int = Field(ge=1)
    #: SHA-256 over the rows; with style and output it makes submission idempotent.
    manifest_digest: Digest
    #: Lanes are strict: urgent before standard before bulk.
    lane: Lane = "standard"
    #: Share among the batches of one lane; 9 gets ten times the turns of 0.
    priority: int = Field(4, ge=0, le=9)
    #: None for a listed prefix.
    catalogue: KeptCatalogue | None = None


class Failure(Record):
    """Why an item failed; the same words on the board, in `--json` and in the sidecar."""

    code: str
    message: str
    hint: str
    details: dict[str, Any] = Field(default_factory=dict)
    #: s3:// address of the JSON that says the same beside the results, where it could be written.
    sidecar: str | None = None

    @classmethod
    def of(cls, error: RestyleError, sidecar: str | None = None) -> Self:
        """The failure that an error stands for."""
        return cls.model_validate({**error.report(), "sidecar": sidecar})


class Result(Record):
    """Where an item's outputs are and what they are; the sidecar has the rest."""

    fingerprint: str
    #: s3:// addresses, variant 1 first.
    variants: tuple[str, ...]
    mask: str
    sidecar: str
    #: Seconds from claim to report.
    render_seconds: float = Field(ge=0)


class Item(Record):
    """An item as the board has it."""

    spec: ItemSpec
    state: ItemState
    #: Grows with every claim; a report under an older number is refused.
    fence: int = 0
    #: How often a worker claimed it; a drain's hand-back takes its claim off again.
    deliveries: int = 0
    #: How many of these ended in a retry after a passing fault.
    retries: int = 0
    #: How often its worker died while it was on the device or being decoded.
    strikes: int = 0
    owner: str | None = None
    result: Result | None = None
    failure: Failure | None = None


class ClaimName(NamedTuple):
    """What names a claim: an item that is lost and claimed again has another fence."""

    batch_id: str
    number: int
    fence: int


class Claim(Record):
    """A worker's time-limited, fenced right to render one item."""

    batch_id: BatchId
    spec: ItemSpec
    fence: int
    owner: str
    #: How often the item was claimed, this time included.
    deliveries: int
    #: How many of the claims before ended in a retry after a passing fault.
    retries: int = 0
    #: How many of them may have ended their worker; from the first one on it is rendered alone.
    strikes: int = 0

    @property
    def name(self) -> ClaimName:
        """What names it."""
        return ClaimName(self.batch_id, self.spec.number, self.fence)

    @property
    def suspect(self) -> bool:
        """Whether it must be rendered alone."""
        return self.strikes > 0


class BatchStatus(Record):
    """Roll-up of a batch; the counts always sum to the total."""

    batch: Batch
    counts: dict[ItemState, int]
    #: False while the submission is still adding items; until then none is rendered.
    sealed: bool = True
    #: While `restyle recover` is putting the items back; it seals the batch.
    restoring: bool = False
    #: Set when cancelled or paused by a person.
    cancelled: bool = False
    paused: bool = False
    #: Grows when a person retries items.
    revision: int = 0
    #: When the steward wrote the batch's results.
    ended_at: datetime | None = None
    #: Times of the first claim and of the last final report, for rates.
    first_claim_at: datetime | None = None
    last_report_at: datetime | None = None

    @property
    def open(self) -> int:
        """Items not yet in a final state."""
        waiting = (ItemState.QUEUED, ItemState.RUNNING, ItemState.HELD)
        return sum(self.counts.get(state, 0) for state in waiting)


class Message(Record):
    """The queue's message: a hint that an item may be waiting, nothing more."""

    version: Literal[1] = 1
    batch_id: BatchId
    number: int = Field(ge=0)


class Hint(Record):
    """A message to publish, and the lane in whose order it goes."""

    message: Message
    lane: Lane
