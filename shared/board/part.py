"""What the parts of the board share: a connection, and cutting long lists into slices."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from shared.board.connection import Connection
from shared.errors import BatchArchived, BatchUnknown
from shared.keys import batch_file

T = TypeVar("T")

#: Whole items that one script run tells: 2 to 4 ms of Redis' time.
ROWS_AT_ONCE = 100


class Part:
    """A part of the board: some calls on the one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def _unknown(self, batch_id: str) -> BatchUnknown:
        """Why a batch is not on the board: it was retired, or was never there."""
        output = self._connection.run("find_retired", batch_id)
        if output:
            record = batch_file(output, batch_id, "")
            return BatchArchived(batch=batch_id, record=record, output=output)
        return BatchUnknown(batch=batch_id)


def slices(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The values in order, in runs of at most `size`."""
    return (values[start : start + size] for start in range(0, len(values), size))


def milliseconds(seconds: float) -> int:
    """Seconds as the whole milliseconds that the scripts count in, at least one if positive."""
    return max(round(seconds * 1000), 1) if seconds > 0 else 0
