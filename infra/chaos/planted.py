"""Bugs planted on purpose, in the processes of a chaos run only: its invariants must catch them."""

import hashlib
import threading
from collections.abc import Mapping
from typing import Self

from infra.chaos.orders import Plant
from shared.board import StatusBoard
from shared.board.connection import Connection
from shared.board.scripts import load_scripts
from shared.keys import S3Address
from shared.s3 import ObjectStore
from shared.settings import Settings

#: How late an upload is that a report did not wait for.
LATE_SECONDS = 2.0
#: What is taken out of the board's scripts, and what stands there then: any claim will do, and
#: whatever a dead process had claimed is to blame for its death.
ALTERED: Mapping[Plant, tuple[str, str]] = {
    "no-fence": ("fields[1] == 'running' and fields[2] == fence", "fields[1] == 'running'"),
    "blame-mates": ("suspects[name .. '/' .. redis.call('HGET', item, 'fence')]", "true"),
}


class AlteredConnection(Connection):
    """A board's connectionthat may be given other scripts."""

    def alter(self, plant: Plant) -> Self:
        """Plant a bug."""
        self._scripts = {
            name: self._client.register_script(text)
            for name, text in altered_scripts(plant).items()
        }
        return self


def altered_scripts(plant: Plant) -> dict[str, str]:
    """The board's scripts with a bug.

    Raises:
        ValueError: They are in other words now.
    """
    right, wrong = ALTERED[plant]
    scripts = load_scripts()
    if not any(right in text for text in scripts.values()):
        msg = f"no script says {right!r} any more"
        raise ValueError(msg)
    return {name: text.replace(right, wrong) for name, text in scripts.items()}


def altered_board(plant: Plant, settings: Settings) -> StatusBoard:
    """A board with a planted bug, or as it is."""
    if plant not in ALTERED:
        return StatusBoard.connect(settings)
    return StatusBoard(AlteredConnection.of(settings).alter(plant))


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
