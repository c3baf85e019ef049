"""Batch, Item, Claim: what is stored, and the queue's versioned message.

Everything here is frozen and strict: values cross process borders as JSON.
"""

from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field

from shared.brakes import Brakes, PauseReason
from shared.gate import FrozenMask
from shared.original import Original
from shared.record import Digest, Record
from shared.results import Failure, Held, Result
from shared.states import ItemState
from shared.styles import Style
from shared.webhooks import Targets
from shared.windows import Window

BATCH_ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"

BatchId = Annotated[str, Field(pattern=BATCH_ID_PATTERN)]
Lane = Literal["urgent", "standard", "bulk"]
#: Lanes in strict order: a later one is served when the earlier ones are.
LANES: tuple[Lane, ...] = ("urgent", "standard", "bulk")


class ItemSpec(Record):
    """One row of a manifest, checked: what to render, not yet how it went."""

    #: Position in the manifest, from 0; with the batch id it names the item everywhere.
    number: int = Field(ge=0)
    external_id: str
    #: s3://bucket/key of the source picture.
    source: str
    #: s3://bucket/key of a supplied mask, which is used as it is.
    mask: str | None = None
    #: A mask that was approved before, in another batch.
    frozen: FrozenMask | None = None
    #: Fields of the style that this row replaces.
    overrides: dict[str, Any] = Field(default_factory=dict)
    #: ETag and size in bytes, where a listing told them at submission; else pinned by the claim.
    etag: str | None = None
    size: int | None = None
    #: Of an item that is rendered again: what its result stands for.
    stands_for: Original | None = None


class ResolvedModel(Record):
    """A model reference as the submission found it."""

    #: As written in the style.
    reference: str
    kind: Literal["hub", "directory", "archive"]
    #: Commit (hub), SHA-256 of the tree (directory) or of the file (archive); hex.
    digest: str
    #: s3:// address of the archive, where the reference says another thing: of the registry's.
    address: str | None = None


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
    #: Number of items, those that are unchanged included.
    total: int = Field(ge=1)
    #: Items whose earlier result still holds: they are in the plan, and not on the board.
    unchanged: int = Field(0, ge=0)
    #: SHA-256 over the manifest's rows; with style and output it makes submission idempotent.
    manifest_digest: Digest
    #: The same over the rows that are queued, where that is not all of them.
    queued_digest: Digest | None = None
    #: Lanes are strict: urgent before standard before bulk.
    lane: Lane = "standard"
    #: Share among the batches of one lane; 9 gets ten times the turns of 0.
    priority: int = Field(4, ge=0, le=9)
    #: None for a listed prefix.
    catalogue: KeptCatalogue | None = None
    #: What stops it on its way.
    brakes: Brakes = Brakes()
    #: When its items may be rendered; None for at any time.
    window: Window | None = None
    #: The schedule that it is a run of.
    schedule: str | None = None
    #: The batch whose items it renders again.
    parent: BatchId | None = None
    #: URLs that the batch's events are sent to, beside those of the settings.
    webhooks: Targets = ()

    @property
    def queued(self) -> int:
        """Items that are on the board, numbered from 0."""
        return self.total - self.unchanged

    @property
    def rows_digest(self) -> str:
        """SHA-256 over the rows of the items that are on the board."""
        return self.queued_digest or self.manifest_digest


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
    #: What waits for a person; of a rejected item, what was rejected.
    held: Held | None = None
    #: The mask that it is painted with, once a person approved it.
    frozen: FrozenMask | None = None
    #: Whether its result is approved and its publication under way.
    approved: bool = False
    #: Why that could not be published yet.
    note: str = ""
    #: The variant that a person picked, from 1.
    picked: int | None = None
    #: Who approved or rejected it last, when, and why it was rejected.
    decided_by: str | None = None
    decided_at: datetime | None = None
    reason: str = ""


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
    #: The approved mask to paint with, instead of finding one.
    frozen: FrozenMask | None = None

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
    #: Set when a person cancelled it.
    cancelled: bool = False
    paused: bool = False
    #: What paused it, and the reason as a clause where it was no person.
    pause_reason: PauseReason | None = None
    pause_note: str = ""
    paused_at: datetime | None = None
    #: Whether only its pilot is given out.
    pilot: bool = False
    #: Its window, the present or the next one: outside of it nothing is given out.
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    #: Seconds that devices worked for its items so far.
    device_seconds: float = 0.0
    #: Held items whose masks the gate complains about; for the breaker they count as failed.
    flagged: int = 0
    #: Held items whose results are approved and about to be published.
    publishing: int = 0
    #: Number of its newest change, as `changes` counts them.
    cursor: int = 0
    #: Grows when a person retries items.
    revision: int = 0
    #: When the steward wrote the batch's results.
    ended_at: datetime | None = None
    #: When `restyle recover` had put it back on the board.
    recovered_at: datetime | None = None
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


__all__ = [
    "BATCH_ID_PATTERN",
    "LANES",
    "Batch",
    "BatchId",
    "BatchStatus",
    "Claim",
    "ClaimName",
    "Digest",
    "Failure",
    "Held",
    "Hint",
    "Item",
    "ItemSpec",
    "KeptCatalogue",
    "Lane",
    "Message",
    "ResolvedModel",
    "Result",
]
