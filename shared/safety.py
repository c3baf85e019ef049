"""Safety: tells once when the board's Redis becomes unsafe or fills up, and once when it is well.

Rendering goes on meanwhile: what is queued is not safer for standing still. New batches are
refused by `StatusBoard.refuse_new_work`.
"""

import time

import structlog

from shared.board import StatusBoard
from shared.board.server import FILLING_SHARE, FULL_SHARE, ServerFacts
from shared.errors import BoardError

log = structlog.get_logger()

#: Seconds between two looks.
LOOK_SECONDS = 30.0


class Safety:
    """Looks at Redis now and then; one thread uses it."""

    def __init__(self, board: StatusBoard, look_seconds: float = LOOK_SECONDS) -> None:
        """Look at nothing yet."""
        self._board = board
        self._look_seconds = look_seconds
        self._looked_at = float("-inf")
        self._told: list[str] = []

    def look(self) -> None:
        """Look, unless the last look was just now; a Redis that is away is told by others."""
        now = time.monotonic()
        if now - self._looked_at < self._look_seconds:
            return
        self._looked_at = now
        try:
            facts = self._board.server_facts()
        except BoardError:
            return
        self._tell(_kinds(facts), facts)

    def _tell(self, kinds: list[str], facts: ServerFacts) -> None:
        if kinds == self._told:
            return
        self._told = kinds
        if kinds:
            log.error("Redis is not safe for items", problems=kinds, used_memory=facts.used_memory)
        else:
            log.info("Redis is safe for items again", used_memory=facts.used_memory)


def _kinds(facts: ServerFacts) -> list[str]:
    """What is wrong, without numbers that move from look to look."""
    for share, consequence in ((FULL_SHARE, "are refused"), (FILLING_SHARE, "are soon refused")):
        if facts.used_share > share:
            return [
                *facts.problems,
                f"over {share:.0%} of maxmemory is used, new batches {consequence}",
            ]
    return facts.problems
