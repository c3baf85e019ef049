"""Idempotence: a request that comes again under its key gets the batch that it made."""

import hashlib
import json
from dataclasses import dataclass

from shared.board import StatusBoard
from shared.errors import KeyReused

#: So long a key belongs to its request.
KEPT_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class Keyed:
    """A request under its key."""

    #: The batch that it makes, or made.
    batch_id: str
    #: Whether it is the first under its key.
    is_first: bool
    _name: str
    _asked: str

    def forget(self, board: StatusBoard) -> None:
        """Give the key free: the request was refused whole, and may be corrected under it.

        Raises:
            BoardError: Redis did not answer.
        """
        board.forget(self._name, self._asked)


def keyed(key: str, caller: str, digest: str, batch_id: str, board: StatusBoard) -> Keyed:
    """The request under a key; of two that come at once, one is the first.

    Args:
        key: As the caller chose it.
        caller: Whose key it is: another's key of the same letters is another key.
        digest: Of all that is asked.
        batch_id: What the batch is to be called, if it is the first.
        board: Remembers it.

    Raises:
        KeyReused: Something else was asked under the key.
        BoardError: Redis did not answer.
    """
    name = hashlib.sha256(json.dumps([caller, key]).encode()).hexdigest()
    asked = json.dumps({"digest": digest, "batch": batch_id})
    known = board.remember(name, asked, KEPT_SECONDS)
    told = json.loads(known)
    if told["digest"] != digest:
        raise KeyReused(key=key)
    return Keyed(told["batch"], known == asked, name, known)
