"""Dead messages: what workers took from the queue and could not read, the newest ones."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.board.part import Part
from shared.board.records import moment

#: Older ones are forgotten, whatever comes.
MAX_DEAD = 1_000


@dataclass(frozen=True, slots=True)
class DeadMessage:
    """A message that was set aside; all of it short, printable text."""

    #: The process that took it from the queue.
    where: str
    reason: str
    body: str
    #: By Redis' clock; the board fills it in.
    at: datetime | None = None


class Dead(Part):
    """Keeps the newest messages that nobody could read."""

    def set_aside(self, messages: Sequence[DeadMessage]) -> None:
        """Keep messages, the last one as the newest; the oldest beyond the bound are dropped.

        Raises:
            RedisUnreachable: Redis does not answer.
        """
        rows = [json.dumps([one.where, one.reason, one.body]) for one in messages]
        self._connection.run("set_aside", MAX_DEAD, *rows)

    def dead_messages(self, limit: int = MAX_DEAD) -> list[DeadMessage]:
        """The newest messages that were set aside, newest first.

        Raises:
            RedisUnreachable: Redis does not answer.
        """
        rows = self._connection.run("list_dead", limit)
        return [_load(*row.split(" ", 1)) for row in rows]

    def clear_dead(self) -> int:
        """Forget them all; returns how many there were.

        Raises:
            RedisUnreachable: Redis does not answer.
        """
        return int(self._connection.run("clear_dead"))


def _load(at: str, text: str) -> DeadMessage:
    where, reason, body = json.loads(text)
    return DeadMessage(where, reason, body, moment(float(at)))
