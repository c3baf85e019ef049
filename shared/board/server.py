"""The server behind the board: what it is, and whether items are safe on it."""

from dataclasses import dataclass
from typing import Any

from shared.board.part import Part
from shared.errors import BoardError, RedisFull, RedisUnsafe

#: From this part of its memory limit on Redis gets no new work: what is queued needs the rest.
FULL_SHARE = 0.8
#: From this part on somebody should know.
FILLING_SHARE = 0.7


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What Redis says of itself, as far as it matters here."""

    version: str
    aof_enabled: bool
    #: `noeviction` keeps everything; any other policy may drop items.
    maxmemory_policy: str
    #: In bytes.
    used_memory: int
    #: In bytes; 0 for no limit.
    maxmemory: int

    @property
    def used_share(self) -> float:
        """The part of its memory limit that is used; 0 where there is none."""
        return self.used_memory / self.maxmemory if self.maxmemory else 0.0

    @property
    def problems(self) -> list[str]:
        """Why items are not safe on this server; empty when they are."""
        found = []
        if not self.aof_enabled:
            found.append("its append-only file is off")
        if self.maxmemory_policy != "noeviction":
            found.append(f"its policy is {self.maxmemory_policy}, which drops keys when it is full")
        return found


class Server(Part):
    """Asks the server about itself."""

    def server_facts(self) -> ServerFacts:
        """What Redis says of itself.

        Raises:
            RedisUnreachable: Redis does not answer.
        """
        return _facts(self._connection.info())

    def refuse_unsafe(self) -> None:
        """Refuse a server that may lose or drop items.

        Raises:
            RedisUnsafe: The append-only file is off, or the memory policy evicts.
            RedisUnreachable: Redis does not answer.
        """
        problems = self.server_facts().problems
        if problems:
            raise RedisUnsafe(address=self._connection.address, reason=" and ".join(problems))

    def refuse_new_work(self) -> None:
        """Refuse a server that is unsafe, or too full for another batch.

        Raises:
            RedisFull: Most of the memory that it may take is taken.
            RedisUnsafe: As `refuse_unsafe`.
            RedisUnreachable: Redis does not answer.
        """
        self.refuse_unsafe()
        facts = self.server_facts()
        if facts.used_share > FULL_SHARE:
            used = (
                f"{facts.used_share:.0%} of the {facts.maxmemory} bytes that it may take are used"
            )
            reason = f"{used}, and new work is refused from {FULL_SHARE:.0%} on"
            raise RedisFull(address=self._connection.address, reason=reason)

    def takes_work(self) -> bool:
        """Whether Redis answers and has memory left."""
        try:
            self._connection.run("take_work")
        except BoardError:
            return False
        return True


def _facts(info: dict[str, Any]) -> ServerFacts:
    return ServerFacts(
        version=str(info["redis_version"]),
        aof_enabled=bool(int(info["aof_enabled"])),
        maxmemory_policy=str(info["maxmemory_policy"]),
        used_memory=int(info["used_memory"]),
        maxmemory=int(info["maxmemory"]),
    )
