"""Presence: tells the board now and then that this process is there and what it has done."""

from collections.abc import Callable, Mapping

from shared.board import StatusBoard
from worker.rounds import Rounds

#: Seconds between two reports.
REPORT_SECONDS = 10.0


def presence(board: StatusBoard, owner: str, facts: Callable[[], Mapping[str, object]]) -> Rounds:
    """The rounds that report one worker process to the board; the supervisor strikes it off.

    Args:
        board: Where to.
        owner: The process's name there.
        facts: Must give JSON values; called from the thread of the rounds.
    """
    return Rounds("presence", REPORT_SECONDS, lambda: board.report_worker(owner, facts()))
