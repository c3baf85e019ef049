"""Bugs planted on purpose, in the processes of a chaos run only: its invariants must catch them."""

import hashlib
import threading
from typing import Any

from shared.board import StatusBoard
from shared.board.connection import Connection
from shared.board.scripts import load_scripts
from shared.keys import S3Address
from shared.s3 import ObjectStore
from shared.settings import Settings

#: How late an upload is that a report did not wait for.
LATE_SECONDS = 0.4
FENCE_CHECK = "fields[1] == 'running' and fields[2] == fence"


class FencelessConnection(Connection):
    """A board on which a running item is anybody's who ever claimed it."""

    def __init__(self, client: Any, *, address: str, prefix: str) -> None:
        super().__init__(client, address=address, prefix=prefix)
        self._scripts = {
            name: client.register_script(without_fence(text))
            for name, text in load_scripts().items()
        }


def without_fence(script: str) -> str:
    """The script with the fencing check taken out.

    Raises:
        ValueError: There is none to take out.
    """
    if FENCE_CHECK not in script:
        msg = "the scripts check fences in other words now"
        raise ValueError(msg)
    return script.replace(FENCE_CHECK, "fields[1] == 'running'")


def fenceless_board(settings: Settings) -> StatusBoard:
    """A board for the plant `no-fence`."""
    return StatusBoard(FencelessConnection.of(settings))


class LateStore(ObjectStore):
    """Says that an object is written and writes it later: its item is reported before."""

    def put(self, address: S3Address, body: bytes, *, content_type: str) -> str:
        """Promise to write an object."""

        def write() -> None:
            super(LateStore, self).put(address, body, content_type=content_type)

        later = threading.Timer(LATE_SECONDS, write)
        later.daemon = True
        later.start()
        return hashlib.md5(body, usedforsecurity=False).hexdigest()
