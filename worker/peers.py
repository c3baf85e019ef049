"""Peers: whether another worker may have a model that this one has not."""

import threading
import time

from shared.board import StatusBoard, WorkerRecord
from shared.errors import BoardError

#: A worker that was silent for so long is none to leave an item to.
SILENT_SECONDS = 30.0
#: What the board said counts for so long.
TRUST_SECONDS = 2.0


class Peers:
    """The other workers, as the board knows them; safe for threads."""

    def __init__(self, board: StatusBoard, owner: str) -> None:
        self._board = board
        self._owner = owner
        self._lock = threading.Lock()
        self._asked_at = float("-inf")
        self._known: list[WorkerRecord] = []

    def may_have(self, reference: str) -> bool:
        """Whether some other worker has not said that it cannot have the model.

        A board that does not answer is no reason to fail an item.
        """
        try:
            return any(reference not in peer.unavailable_models for peer in self._others())
        except BoardError:
            return True

    def _others(self) -> list[WorkerRecord]:
        with self._lock:
            if time.monotonic() - self._asked_at > TRUST_SECONDS:
                self._known = [
                    worker
                    for worker in self._board.workers()
                    if worker.owner != self._owner and worker.silent_seconds < SILENT_SECONDS
                ]
                self._asked_at = time.monotonic()
            return self._known
