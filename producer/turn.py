"""Turn: one at a time for one output, or for one alias of a model, or the other would be lost."""

import contextlib
import hashlib
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from shared.board import StatusBoard
from shared.errors import BoardError

#: The turn of a process that died goes to others after so long.
LEASE_SECONDS = 30.0
#: Between two looks whether another's turn is over.
LOOK_SECONDS = 0.2

log = structlog.get_logger(__name__)


@contextmanager
def turn_for(what: str, board: StatusBoard) -> Iterator[None]:
    """Wait for one's turn, and have it while the context lasts.

    Args:
        what: What it is for: the address of an output or of an alias.
        board: Gives the turns.

    Raises:
        BoardError: Redis did not answer.
    """
    name, token = hashlib.sha256(what.encode()).hexdigest()[:16], uuid.uuid4().hex
    _wait(name, token, what, board)
    over = threading.Event()
    arguments = (name, token, board, over)
    threading.Thread(target=_keep, args=arguments, name="turn", daemon=True).start()
    try:
        yield
    finally:
        over.set()
        with contextlib.suppress(BoardError):  # then it is over by itself
            board.leave_turn(name, token)


def _wait(name: str, token: str, what: str, board: StatusBoard) -> None:
    has_told = False
    while not board.take_turn(name, token, LEASE_SECONDS):
        if not has_told:
            log.info("waiting for another's turn to end", what=what)
            has_told = True
        time.sleep(LOOK_SECONDS)


def _keep(name: str, token: str, board: StatusBoard, over: threading.Event) -> None:
    while not over.wait(LEASE_SECONDS / 3):
        with contextlib.suppress(BoardError):  # the next time may be in time
            if not over.is_set():
                board.take_turn(name, token, LEASE_SECONDS)
