"""Event: what receivers are told, and how it is announced: once per target, whoever notices it."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from producer.summary import summary
from producer.webhooks.recipients import recipients
from shared.board import StatusBoard
from shared.jobs import BatchStatus
from shared.settings import Settings
from shared.wording import shorten

#: What of a batch's summary its events tell.
BATCH_FIELDS: Final = (
    "phase", "output", "total", "open", "counts", "style", "lane", "priority",
    "submitted_at", "first_claim_at", "last_report_at",
)  # fmt: skip
#: Most characters of a text beside them; an address in S3 has fewer.
MAX_TEXT = 2_000


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened."""

    #: Such as `batch.ended`.
    type: str
    #: What receivers are told of it; JSON values, some kB at most.
    data: Mapping[str, Any]
    #: Tells this occurrence from all others of its type; the same for whoever notices it.
    occasion: str

    def delivery_id(self, target: str) -> str:
        """The id of the event's delivery to a target; receivers see it as `webhook-id`."""
        identity = json.dumps([self.type, self.occasion, target])
        return f"msg_{hashlib.sha256(identity.encode()).hexdigest()[:32]}"

    def body(self) -> str:
        """The event as it is sent."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        told = {"type": self.type, "timestamp": now, "data": dict(self.data)}
        return json.dumps(told, separators=(",", ":"))  # ASCII: the same bytes to every reader


def announce(board: StatusBoard, targets: Sequence[str], event: Event) -> list[str]:
    """Let an event be sent to each target; announcing it again changes nothing.

    Returns:
        The ids of its deliveries.

    Raises:
        BoardError: Redis did not answer.
    """
    body = event.body()
    ids = {event.delivery_id(target): target for target in targets}
    for delivery_id, target in ids.items():
        board.announce(delivery_id, target=target, event=event.type, body=body)
    return list(ids)


def announce_batch(
    board: StatusBoard,
    settings: Settings,
    status: BatchStatus,
    event_type: str,
    *,
    occasion: str = "",
    more: Mapping[str, Any] | None = None,
) -> list[str]:
    """Announce something about a batch to all who are to hear of it.

    Args:
        board: Gets the deliveries.
        settings: Names targets for every batch.
        status: The batch as it stood when it happened.
        event_type: Such as `batch.ended`.
        occasion: Tells this time from others, for what happens to a batch more than once between
            two retries; a pause by its reason and day.
        more: Fields of `data` beside the batch's own; long texts are cut.

    Returns:
        The ids of its deliveries; none where nobody is to hear of it.

    Raises:
        BoardError: Redis did not answer.
    """
    batch = status.batch
    facts = summary(status)
    told = {name: facts[name] for name in BATCH_FIELDS} | _cut(more or {})
    submitted_at = batch.submitted_at.isoformat()  # an id may be used again once it is forgotten
    once = json.dumps([batch.batch_id, submitted_at, status.revision, occasion])
    event = Event(event_type, {"batch_id": batch.batch_id, **told}, once)
    return announce(board, recipients(batch, settings), event)


def _cut(more: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: shorten(value, MAX_TEXT) if isinstance(value, str) else value
        for name, value in more.items()
    }
