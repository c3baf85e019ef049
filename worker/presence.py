"""Presence: tells the board now and then that this process is there and what it has done."""

import threading
from collections.abc import Callable, Mapping

import structlog

from shared.board import StatusBoard
from shared.errors import BoardError

log = structlog.get_logger()

#: Seconds between two reports.
REPORT_SECONDS = 10.0


class Presence:
    """Reports one worker process to the board from a thread of its own."""

    def __init__(
        self, board: StatusBoard, owner: str, facts: Callable[[], Mapping[str, object]]
    ) -> None:
        """Report nothing yet; `facts` must give JSON values and is called from the thread."""
        self._board = board
        self._owner = owner
        self._facts = facts
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._report_for_ever, name="presence", daemon=True)

    def start(self) -> None:
        """Report at once, and then again and again."""
        self._thread.start()

    def close(self) -> None:
        """Stop reporting; the supervisor strikes this process off the board."""
        self._closed.set()
        self._thread.join()

    def _report_for_ever(self) -> None:
        while True:
            try:
                self._board.report_worker(self._owner, self._facts())
            except BoardError as error:
                log.debug("presence not reported", **error.report())
            except Exception:
                log.exception("presence not reported")
            if self._closed.wait(REPORT_SECONDS):
                return
