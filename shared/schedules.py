"""Schedule: what is submitted again and again and when; and its runs, one for each due time."""

from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, AwareDatetime, Field

from shared.brakes import Brakes
from shared.errors import AddressInvalid
from shared.jobs import Failure, Lane
from shared.keys import S3Address
from shared.reading import AS_IT_STANDS, Reading
from shared.record import Record
from shared.recurrence import Recurrence
from shared.webhooks import Targets
from shared.windows import MAX_WINDOW_SECONDS, Window
from shared.wording import like

#: So short that a batch id has room for the name and a due time.
NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}"

Name = Annotated[
    str,
    like(NAME, "should be up to 60 letters, digits, dots, dashes and underscores, no dot first"),
]
#: What becomes of a run that no steward began in time: it runs once, late, or not at all.
MissedPolicy = Literal["late", "skip"]
RunState = Literal["waiting", "running", "submitted", "skipped", "failed"]
#: How a schedule stands; a broken one is tried again at its next slot.
Condition = Literal["active", "paused", "broken"]


def _in_s3(address: str) -> str:
    try:
        S3Address.parse(address)
    except AddressInvalid as error:
        msg = f"should be in S3, since stewards on other hosts read it: {error.facts['reason']}"
        raise ValueError(msg) from error
    return address


def _usable_output(address: str) -> str:
    try:
        return str(S3Address.parse_output(address))
    except AddressInvalid as error:
        raise ValueError(str(error.facts["reason"])) from error


class RunOptions(Record):
    """What a schedule asks of its batches beyond what each submission says; all have defaults."""

    reading: Reading = AS_IT_STANDS
    #: A source that was written anew with the same bytes is unchanged.
    verify_bytes: bool = False
    #: A result that somebody removed is rendered anew.
    verify_results: bool = False
    brakes: Brakes = Brakes()
    #: URLs that the batches' events are sent to.
    webhooks: Targets = ()
    #: It was asked for over HTTP: at each run it may name models that are open to requests only.
    open_models_only: bool = False


class Schedule(Recurrence):
    """A submission that is made anew at each slot of a recurrence."""

    version: Literal[1] = 1
    name: Name
    #: Its batches render only for so long after each slot; None for no bounds.
    window_seconds: int | None = Field(None, gt=0, le=MAX_WINDOW_SECONDS)
    #: s3:// address of the rows, or an s3:// prefix.
    manifest: Annotated[str, AfterValidator(_in_s3)]
    #: s3:// address of a YAML file that is read anew for each run, or the YAML itself.
    style: str = Field(min_length=1)
    #: s3://bucket/prefix/ that results go under.
    output: Annotated[str, AfterValidator(_usable_output)]
    lane: Lane = "standard"
    priority: int = Field(4, ge=0, le=9)
    missed: MissedPolicy = "late"
    options: RunOptions = RunOptions()
    created_at: AwareDatetime

    @property
    def window(self) -> Window | None:
        """When its batches may render; None for at any time."""
        if self.window_seconds is None:
            return None
        return Window(cron=self.cron, timezone=self.timezone, seconds=self.window_seconds)

    @property
    def style_address(self) -> S3Address | None:
        """Where the style is read anew; None where it is kept here."""
        return S3Address.parse(self.style) if self.style.startswith("s3://") else None


class Slot(Record):
    """What tells a run from the others of its schedule."""

    #: When it was due, or when a person asked for it.
    at: AwareDatetime
    #: Whether a person asked for it, beside what the cron says.
    asked: bool = False

    @property
    def key(self) -> str:
        """`20261125T000000Z`, and of one that was asked for `20261125T101503Z-now`."""
        return f"{self.at.astimezone(UTC):%Y%m%dT%H%M%SZ}" + ("-now" if self.asked else "")

    @classmethod
    def parse(cls, key: str) -> Self:
        """The slot of a key."""
        moment = datetime.strptime(key[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        return cls(at=moment, asked=key.endswith("-now"))


class Run(Record):
    """One execution of a schedule: it makes one batch, whoever executes it and how often."""

    schedule: Name
    slot: Slot
    state: RunState
    #: Grows each time that a steward takes it; what an earlier one says of it is refused.
    fence: int = 0
    #: How often the lease of one that had taken it ran out.
    losses: int = 0
    #: The steward that took it last.
    owner: str | None = None
    #: By Redis' clock.
    created_at: AwareDatetime
    ended_at: AwareDatetime | None = None
    #: Why it failed, or why it waits.
    failure: Failure | None = None

    @property
    def batch_id(self) -> str:
        """The batch that it makes, or would make."""
        return batch_id_of(self.schedule, self.slot)


class Standing(Record):
    """A schedule as it stands on the board."""

    schedule: Schedule
    #: Slots up to here are none of its: it was added, replaced or resumed then.
    since: AwareDatetime
    paused: bool = False
    #: Why its last run failed, until one works; it is tried at the next slot all the same.
    broken: Failure | None = None

    @property
    def condition(self) -> Condition:
        """One word for how it stands."""
        return "paused" if self.paused else "broken" if self.broken else "active"

    def due(self, now: datetime) -> Slot | None:
        """The last slot that was due, if it is one of its own."""
        at = self.schedule.previous(now)
        return Slot(at=at) if at > self.since and not self.paused else None


def batch_id_of(name: str, slot: Slot) -> str:
    """`nightly-20261125T000000Z`: the same for every attempt at a run."""
    return f"{name}-{slot.key}"
