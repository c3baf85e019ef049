"""Submission: what a person asks for, and the receipt that says what became of it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from producer.catalogues import Recognised
from producer.open_models import OpenModels
from producer.plan import Wishes
from producer.prompts import SharedNote
from shared.brakes import Brakes
from shared.jobs import BatchStatus, Lane
from shared.reading import AS_IT_STANDS, Reading
from shared.styles import Style
from shared.windows import Window


@dataclass(frozen=True, slots=True)
class Submission:
    """What a person asks for."""

    #: Local path or s3:// address of the rows, or an s3:// prefix.
    manifest: str
    #: The style, or the local path of its file.
    style: Path | Style
    #: s3://bucket/prefix/ that results go under.
    output: str
    #: By default one is made up from the time and the style's name.
    batch_id: str | None = None
    lane: Lane = "standard"
    #: 0 to 9; 9 gets ten times the turns of 0.
    priority: int = 4
    #: Columns, rewrites of addresses, and patterns.
    reading: Reading = AS_IT_STANDS
    #: How the plan is made.
    wishes: Wishes = field(default_factory=Wishes)
    #: What stops the batch on its way.
    brakes: Brakes = field(default_factory=Brakes)
    #: When its items may be rendered; None for at any time.
    window: Window | None = None
    #: The schedule that it is a run of.
    schedule: str | None = None
    #: URLs that the batch's events are sent to.
    webhooks: tuple[str, ...] = ()
    #: Hold every mask found by text, whatever the style says: nothing is painted unapproved.
    masks_only: bool = False
    #: Which models it may name; None for any.
    models: OpenModels | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a submission."""

    status: BatchStatus
    #: The very same submission was complete before; nothing was added.
    repeated: bool
    #: Why no message went to the workers yet; their own dispatcher sends it later.
    delay: str = ""
    #: The plan in numbers; None where the submission was repeated.
    plan: dict[str, Any] | None = None
    #: What a person should know of the manifest and the style, as clauses.
    notes: tuple[str, ...] = ()
    #: What a person should know of rows.
    row_notes: tuple[SharedNote, ...] = ()
    #: What another program's catalogue was read by.
    recognised: Recognised | None = None

    def facts(self) -> dict[str, Any]:
        """What it tells beside the batch's roll-up, as JSON."""
        row_notes = [
            {"note": note.note.clause, "count": note.count, "items": note.items}
            for note in self.row_notes
        ]
        return {
            "repeated": self.repeated,
            "plan": self.plan,
            "delay": self.delay,
            "notes": list(self.notes),
            "row_notes": row_notes,
            "catalogue": self.recognised.as_json() if self.recognised else None,
        }
