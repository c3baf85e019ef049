"""Workers: what each worker process last said of itself."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.board.part import Part, milliseconds
from shared.board.records import moment

#: A worker that was silent for this long is forgotten.
FORGET_SECONDS = 24 * 3600.0
#: The fact under which a worker tells which models it cannot have, and why.
UNAVAILABLE_MODELS = "unavailable_models"
#: The fact under which it tells for which services it waits, and why.
LOST_SERVICES = "lost_services"


@dataclass(frozen=True, slots=True)
class WorkerRecord:
    """A worker process as the board last heard of it."""

    owner: str
    #: Whatever it reported; JSON values.
    facts: dict[str, Any]
    seen_at: datetime
    #: Since then, by Redis' clock.
    silent_seconds: float
    #: Batch and number of each item that it has a claim on.
    claims: tuple[tuple[str, int], ...] = ()

    @property
    def unavailable_models(self) -> dict[str, str]:
        """Why models could not be had there when last tried, by reference."""
        return dict(self.facts.get(UNAVAILABLE_MODELS, {}))

    @property
    def lost_services(self) -> dict[str, str]:
        """The services (S3) that it waits for and takes no item without, and why."""
        return dict(self.facts.get(LOST_SERVICES, {}))


class Workers(Part):
    """Keeps what worker processes say of themselves."""

    def report_worker(self, owner: str, facts: Mapping[str, Any]) -> None:
        """Replace what is known of a worker; `facts` must be JSON values.

        Raises:
            RedisUnreachable: Redis does not answer.
        """
        age = milliseconds(FORGET_SECONDS)
        self._connection.run("report_worker", owner, json.dumps(dict(facts)), age)

    def workers(self) -> list[WorkerRecord]:
        """All known workers, the longest silent first.

        Raises:
            RedisUnreachable: Redis does not answer.
        """
        *rows, now = self._connection.run("list_workers")
        return [
            WorkerRecord(
                owner=owner,
                facts=json.loads(facts),
                seen_at=moment(float(seen)),
                silent_seconds=max(float(now) - float(seen), 0) / 1000,
                claims=tuple(sorted(_claim(name) for name in claims)),
            )
            for owner, facts, seen, claims in rows
        ]

    def forget_worker(self, owner: str) -> None:
        """Drop what is known of a worker that ended in order.

        Raises:
            RedisUnreachable: Redis does not answer.
        """
        self._connection.run("forget_worker", owner)


def _claim(name: str) -> tuple[str, int]:
    """`batch/number`, taken apart."""
    batch, _, number = name.rpartition("/")
    return batch, int(number)
