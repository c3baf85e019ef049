"""Bulletin: one line in the log every minute, while there is something to tell."""

from collections.abc import Callable
from dataclasses import asdict

import structlog

from shared.board import StatusBoard
from shared.errors import BoardError
from worker.figures import Figures, Snapshot, is_idle

log = structlog.get_logger()


class Bulletin:
    """Tells what a worker process did since the line before; one thread uses it."""

    def __init__(self, board: StatusBoard, look: Callable[[], Snapshot]) -> None:
        """Tell nothing yet; the first `tell` only looks."""
        self._board = board
        self._look = look
        self._before: Snapshot | None = None
        self._was_idle = False

    def tell(self) -> None:
        """Log the figures since the last call; while idle, that it is so, and that once."""
        before, now = self._before, self._look()
        self._before = now
        if before is None:
            return
        idle = is_idle(before, now)
        if not idle:
            log.info("figures", **asdict(Figures.between(before, now)), lanes=self._lanes())
        elif not self._was_idle:
            log.info("idle", lanes=self._lanes())
        self._was_idle = idle

    def _lanes(self) -> dict[str, int] | None:
        """Items that wait on the board, by lane; None where it does not answer."""
        try:
            return {str(lane): count for lane, count in self._board.backlog().waiting.items()}
        except BoardError:
            return None
