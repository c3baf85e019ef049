"""Scene: everything that faults are done to: two hosts, a steward, Redis, S3 and the queue."""

import random
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from infra.chaos.faulty_s3 import FaultyS3
from infra.chaos.kept_redis import KeptRedis
from infra.chaos.orders import Orders
from infra.chaos.processes import Program, Running, running
from shared.board import StatusBoard
from shared.jobs import BatchStatus
from shared.queue import Publisher
from shared.settings import Settings
from shared.states import ItemState

#: Where a child's name on the board stands among its arguments, from their end: the parent's
#: `DEVICE OWNER PLACE BEAT_FD …` follows the orders.
OWNER_AFTER_ORDERS = 2


@dataclass(frozen=True, slots=True)
class Scene:
    """The parts of a run."""

    orders: Orders
    settings: Settings
    #: Of every process of the run.
    environment: Mapping[str, str]
    board: StatusBoard
    publisher: Publisher
    redis: KeptRedis
    s3: FaultyS3
    hosts: list[Program]
    steward: Program
    #: Held while a child is frozen: with both hosts frozen nobody would take over.
    freezing: threading.Lock = field(default_factory=threading.Lock)
    #: Batches that are on the board.
    batches: list[str] = field(default_factory=list)

    @property
    def programs(self) -> list[Program]:
        """All that is started again when it has ended."""
        return [*self.hosts, self.steward]

    def processes(self) -> list[Running]:
        """Hosts and children, orphans too."""
        return running(str(self.orders.path))

    def child(self, rng: random.Random) -> Running | None:
        """One of the children; None while there is none."""
        children = [process for process in self.processes() if is_child(process)]
        return rng.choice(children) if children else None

    def owner(self, child: Running) -> str:
        """A child's name on the board."""
        place = child.arguments.index(str(self.orders.path))
        return child.arguments[place + OWNER_AFTER_ORDERS]

    def open_batches(self) -> Iterator[BatchStatus]:
        """Batches with items that are not final.

        Raises:
            RedisUnreachable: Redis is away.
        """
        for batch_id in list(self.batches):
            status = self.board.status(batch_id)
            if status.open:
                yield status

    def claimed_by(self, owner: str) -> list[tuple[str, int]]:
        """Batch and number of the items that a child is at; raises as `open_batches`."""
        return [
            (status.batch.batch_id, item.spec.number)
            for status in self.open_batches()
            for item in self.board.items(status.batch.batch_id, ItemState.RUNNING)
            if item.owner == owner
        ]


def is_child(process: Running) -> bool:
    """Whether it owns a device."""
    return "infra.chaos.child" in process.arguments
