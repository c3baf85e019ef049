"""Dead letters: messages that a screen refused, on their way to the board."""

import threading
from collections.abc import Sequence

import structlog

from shared.board import DeadMessage, StatusBoard
from shared.broker.envelope import readable
from shared.errors import MessageInvalid
from shared.plain_text import plain_text

log = structlog.get_logger()

#: Kept between two deliveries; of a flood the rest is only counted.
MAX_WAITING = 100
#: Characters of a body, and of a reason, that a person is shown.
MAX_SHOWN = 500


class DeadLetters:
    """Takes refused messages without waiting, and writes them to the board when asked to.

    Whatever comes, a few small texts are kept: a flood costs neither memory, nor the board, nor
    the log.
    """

    def __init__(self, board: StatusBoard, where: str) -> None:
        """Keep nothing yet; `where` is this process's name."""
        self._board = board
        self._where = where
        self._lock = threading.Lock()
        self._waiting: list[DeadMessage] = []
        self._missed = 0

    def __len__(self) -> int:
        """Messages that wait for the next delivery."""
        return len(self._waiting)

    def put(self, raw: bytes, error: MessageInvalid) -> None:
        """Keep a message for the next delivery."""
        if self._is_full():
            return
        reason = plain_text(str(error.facts["reason"]).encode(), MAX_SHOWN)
        body = plain_text(readable(raw), MAX_SHOWN)
        with self._lock:
            self._waiting.append(DeadMessage(where=self._where, reason=reason, body=body))

    def deliver(self) -> None:
        """Write what waits to the board, and one line to the log.

        Raises:
            BoardError: Redis does not answer; what waits is kept for the next time.
        """
        with self._lock:
            waiting, missed = tuple(self._waiting), self._missed
        if not waiting:
            return
        self._board.set_aside(waiting)
        self._forget(waiting, missed)
        first = waiting[0]
        log.error(
            "messages set aside; `restyle dead` lists them",
            count=len(waiting) + missed,
            reason=first.reason,
            body=first.body,
        )

    def _is_full(self) -> bool:
        with self._lock:
            full = len(self._waiting) >= MAX_WAITING
            self._missed += full
            return full

    def _forget(self, delivered: Sequence[DeadMessage], missed: int) -> None:
        with self._lock:
            del self._waiting[: len(delivered)]
            self._missed -= missed
