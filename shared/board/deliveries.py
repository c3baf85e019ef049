"""Deliveries: each event on its way to one webhook target, with a log of its tries."""

import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from shared.board.part import Part, milliseconds
from shared.board.records import moment, pairs
from shared.errors import DeliveryUnknown

#: Older ones are forgotten, the settled ones first.
MAX_DELIVERIES = 1_000
#: Tries of a delivery that are kept, the newest ones.
MAX_TRIES = 50
#: Deliveries that are read at a time.
PAGE = 100


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True)
class Try:
    """What came of sending an event once."""

    #: What the target answered; None where it did not.
    status: int | None
    #: Why it does not count as delivered; empty where it does.
    error: str
    #: From looking up the host to the answer.
    milliseconds: int
    #: By Redis' clock; the board fills it in.
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TakenDelivery:
    """A sender's time-limited, fenced right to try a delivery once."""

    delivery_id: str
    target: str
    #: JSON, exactly as it is sent.
    body: str
    #: Of this try, from 1; a redelivery counts anew.
    number: int
    #: Grows with every try; a report under an older number is refused.
    fence: int
    #: When it was taken, by Redis' clock.
    at: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery as the board has it."""

    delivery_id: str
    target: str
    #: The event's type, such as `batch.ended`.
    event: str
    body: str
    state: DeliveryState
    announced_at: datetime
    #: When the next try is due, or the lease of the running one ends; None when it is settled.
    due_at: datetime | None
    #: The newest first.
    tries: tuple[Try, ...]

    @property
    def failed(self) -> bool:
        """Whether it was given up, or its last try came to nothing."""
        last = self.tries[0].error if self.tries else ""
        return self.state is DeliveryState.GIVEN_UP or (
            self.state is DeliveryState.WAITING and bool(last)
        )


class Deliveries(Part):
    """Keeps deliveries, gives each due one to one sender at a time, and logs what came of it."""

    def announce(self, delivery_id: str, *, target: str, event: str, body: str) -> bool:
        """Let an event be sent; announcing it again, by whomever, changes nothing.

        A full Redis takes it too: it tells of work that is done.

        Returns:
            False when it was announced before.

        Raises:
            RedisUnreachable: Redis does not answer.
        """
        arguments = (delivery_id, target, event, body, MAX_DELIVERIES)
        return bool(self._connection.run("announce_delivery", *arguments))

    def take_delivery(self, lease_seconds: float) -> TakenDelivery | None:
        """Take the delivery that is due for the longest time, if any is.

        Nobody else gets it before the lease has run out, and then as another try.

        Raises:
            RedisUnreachable: Redis does not answer.
        """
        reply = self._connection.run("take_delivery", milliseconds(lease_seconds))
        if not reply:
            return None
        delivery_id, target, body, number, fence, at = reply
        return TakenDelivery(delivery_id, target, body, int(number), int(fence), moment(float(at)))

    def report_delivery(
        self, taken: TakenDelivery, outcome: Try, state: DeliveryState, *, pause_seconds: float = 0
    ) -> bool:
        """Log a try, and settle its delivery or let it wait for the next one.

        Args:
            taken: What was tried.
            outcome: What came of it.
            state: How the delivery stands now.
            pause_seconds: Until the next try of one that waits.

        Returns:
            False for a report that came after the lease, when another sender had taken it.

        Raises:
            RedisUnreachable: Redis does not answer.
        """
        told = asdict(outcome)
        del told["at"]
        pause = milliseconds(pause_seconds)
        arguments = (taken.delivery_id, taken.fence, state, pause, json.dumps(told), MAX_TRIES)
        return bool(self._connection.run("report_delivery", *arguments))

    def redeliver(self, delivery_id: str) -> None:
        """Send a delivery again, at once and with all its tries; also one that arrived.

        Raises:
            DeliveryUnknown: No such delivery.
            RedisUnreachable: Redis does not answer.
        """
        if not self._connection.run("redeliver", delivery_id):
            raise DeliveryUnknown(delivery=delivery_id)

    def deliveries(self) -> Iterator[Delivery]:
        """Every delivery that is kept, the newest first, read page by page.

        Raises:
            RedisUnreachable: Redis does not answer.
        """
        for start in itertools.count(0, PAGE):
            rows = self._connection.run("list_deliveries", "", start, start + PAGE - 1)
            yield from map(_load, rows)
            if len(rows) < PAGE:
                return

    def delivery(self, delivery_id: str) -> Delivery:
        """One delivery.

        Raises:
            DeliveryUnknown: No such delivery.
            RedisUnreachable: Redis does not answer.
        """
        rows = self._connection.run("list_deliveries", delivery_id or "-", 0, 0)
        if not rows:
            raise DeliveryUnknown(delivery=delivery_id)
        return _load(rows[0])


def _load(row: Sequence[Any]) -> Delivery:
    delivery_id, flat, due, tries = row
    fields = pairs(flat)
    return Delivery(
        delivery_id=delivery_id,
        target=fields["target"],
        event=fields["event"],
        body=fields["body"],
        state=DeliveryState(fields["state"]),
        announced_at=moment(float(fields["announced"])),
        due_at=moment(float(due)) if due else None,
        tries=tuple(_load_try(*entry.split(" ", 1)) for entry in tries),
    )


def _load_try(at: str, text: str) -> Try:
    return Try(**json.loads(text), at=moment(float(at)))
