"""The states of an item and the table of legal moves between them."""

from enum import StrEnum


class ItemState(StrEnum):
    """Where an item stands; exactly one at any time."""

    QUEUED = "queued"
    RUNNING = "running"
    HELD = "held"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    UNCHANGED = "unchanged"


#: From each state, the states an item may move to. The board's scripts use this very table.
MOVES: dict[ItemState, frozenset[ItemState]] = {
    ItemState.QUEUED: frozenset(
        {
            ItemState.RUNNING,
            ItemState.HELD,  # an approved mask is taken back before it is painted
            ItemState.CANCELLED,
        }
    ),
    ItemState.RUNNING: frozenset(
        {
            ItemState.DONE,
            ItemState.HELD,
            ItemState.FAILED,
            ItemState.QUEUED,  # a retry, or a worker that was lost
            ItemState.CANCELLED,
        }
    ),
    ItemState.HELD: frozenset(
        {
            ItemState.QUEUED,  # its mask is approved
            ItemState.DONE,  # its result is published
            ItemState.REJECTED,
            ItemState.CANCELLED,
        }
    ),
    ItemState.FAILED: frozenset({ItemState.QUEUED}),  # only when a person asks for it
    ItemState.DONE: frozenset({ItemState.HELD}),  # a publication is taken back
    ItemState.REJECTED: frozenset({ItemState.HELD}),  # so is a rejection
    ItemState.CANCELLED: frozenset(),
    ItemState.UNCHANGED: frozenset(),
}

#: A batch has ended when all its items are in one of these.
FINAL: frozenset[ItemState] = frozenset(
    {
        ItemState.DONE,
        ItemState.FAILED,
        ItemState.CANCELLED,
        ItemState.REJECTED,
        ItemState.UNCHANGED,
    }
)


def may_move(old: ItemState, new: ItemState) -> bool:
    """Whether the table allows the move."""
    return new in MOVES[old]
