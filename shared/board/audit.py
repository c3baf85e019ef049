"""Audit: what was done through the back office, by whom; and where failures to get in came from."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime

from shared.board.part import Part, milliseconds
from shared.board.records import moment
from shared.roles import Role

#: Acts that are kept, the newest ones; the log has the others.
MAX_ACTS = 10_000
#: A source that failed this often within the window waits until the oldest failure leaves it.
MAX_FAILURES = 10
FAILURE_SECONDS = 60.0
#: Sources whose failures are remembered; the one that failed longest ago is forgotten for another.
MAX_SOURCES = 10_000


@dataclass(frozen=True, slots=True)
class Act:
    """Something that was done, or refused to somebody known."""

    #: The name of a token; `local` where nobody had to sign in.
    who: str
    #: Empty for `local`.
    token_id: str
    role: Role
    #: Where the request came from.
    address: str
    #: What was asked for, in the API's words.
    action: str
    #: To what: the request's path, and what the action said of it.
    target: str
    #: The HTTP status that it was answered with.
    status: int
    #: By Redis' clock; the board fills it in.
    at: datetime | None = None


class Audit(Part):
    """Keeps the newest acts, and counts failures to get in."""

    def note_act(self, act: Act) -> None:
        """Add an act to the audit log; a full Redis takes it too.

        Raises:
            RedisUnreachable: Redis does not answer.
        """
        told = asdict(act)
        del told["at"]
        self._connection.run("note_act", json.dumps(told, ensure_ascii=False), MAX_ACTS)

    def acts(self, limit: int = 100) -> list[Act]:
        """The newest acts, newest first.

        Raises:
            RedisUnreachable: Redis does not answer.
        """
        return [_load(*line.split(" ", 1)) for line in self._connection.run("list_acts", limit)]

    def note_failure(self, *sources: str) -> float:
        """Count a wrong credential against where it came from and whose it was to be.

        Args:
            sources: An address, and the id of a token where one was named.

        Returns:
            0, or the seconds for which nothing more of one of these sources is looked at; then it
            was not counted.

        Raises:
            RedisUnreachable: Redis does not answer.
        """
        limits = MAX_FAILURES, milliseconds(FAILURE_SECONDS), MAX_SOURCES
        return float(self._connection.run("note_failure", *limits, *sources)) / 1000


def _load(at: str, text: str) -> Act:
    fields = json.loads(text)
    return Act(**fields | {"role": Role(fields["role"]), "at": moment(float(at))})
