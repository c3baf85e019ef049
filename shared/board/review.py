"""Review: people's decisions, each by itself or over many items, and taking them back."""

import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from shared.board.part import Part, slices
from shared.board.records import load_decision
from shared.errors import DecisionUnknown, ItemUnknown
from shared.review import Decision

#: Items that one script run decides: about 3 ms of Redis' time.
DECIDED_AT_ONCE = 100
#: Such slices that are read by one script run.
SLICES_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Decided:
    """What came of a decision."""

    #: Items that it changed.
    moved: int
    #: Items that it could not change: not held, or not at the stage that was seen, decided by
    #: somebody else first, not there.
    skipped: int


@dataclass(frozen=True, slots=True)
class Undone:
    """What came of taking a decision back."""

    #: Items that are as they were before it.
    moved: int
    #: Items that it changed, and of which something was made or decided since.
    too_late: int


class Review(Part):
    """Decides held items; of two people who decide one item, the first wins."""

    def decide(self, batch_id: str, decision: Decision, numbers: Iterable[int]) -> Decided:
        """Approve, reject or pick items, in slices; the same decision again changes nothing more.

        An approved mask is frozen and its item queued. An approved result is published by the
        steward, which makes its item done. A pick changes no state. Items of a cancelled batch
        are left as they are, and so is what waits at another stage than the decision's: it was
        painted, or masked anew, since somebody looked.

        Args:
            batch_id: The batch.
            decision: What is decided, under an id of its own.
            numbers: The items.

        Raises:
            BatchUnknown: No such batch.
            RedisFull: Redis has no memory left; decide once more.
            RedisUnreachable: Redis does not answer; decide once more.
        """
        variant = decision.variant or ""
        head = (batch_id, decision.id, decision.action, _dump(decision), variant)
        parts = list(slices(sorted(set(numbers)), DECIDED_AT_ONCE)) or [[]]
        moved, skipped = 0, 0
        for place, part in enumerate(parts, 1):
            last = int(place == len(parts))
            reply = self._connection.run("decide_items", *head, skipped, last, *part)
            if reply == "unknown":
                raise self._unknown(batch_id)
            verdict, moved, skipped = reply[0], int(reply[1]), int(reply[2])
            if verdict == "over":
                break
        return Decided(moved, skipped)

    def undo(self, batch_id: str, decision_id: str, by: str) -> Undone:
        """Take a decision back, as far as nothing was made of it; a second time changes nothing.

        A published result is held again at once, and the steward takes its files back. A batch
        that had ended is open again, and its results are written anew when it ends.

        Args:
            batch_id: The batch.
            decision_id: What is taken back; no undo.
            by: Who takes it back.

        Raises:
            BatchUnknown: No such batch.
            DecisionUnknown: The batch has no such decision.
            RedisFull: Redis has no memory left; undo once more.
            RedisUnreachable: Redis does not answer; undo once more.
        """
        undoing = Decision(id=uuid.uuid4().hex, action="undo", by=by, undoes=decision_id)
        arguments = (batch_id, decision_id, undoing.id, _dump(undoing))
        moved, late, more = 0, 0, 1
        while more:
            reply = self._connection.run("undo_decision", *arguments)
            if reply == "unknown":
                raise self._unknown(batch_id)
            if reply == "missing":
                raise DecisionUnknown(batch=batch_id, decision=decision_id)
            moved, late, more = map(int, reply)
        return Undone(moved, late)

    def decisions(self, batch_id: str, *, start: int = 0, limit: int = 500) -> list[Decision]:
        """A batch's decisions, newest first.

        Args:
            batch_id: The batch.
            start: How many of the newest to pass over.
            limit: Most decisions.

        Raises:
            BatchUnknown: No such batch.
            RedisUnreachable: Redis does not answer.
        """
        reply = self._connection.run("list_decisions", batch_id, start, limit)
        if not reply:
            raise self._unknown(batch_id)
        return [load_decision(row) for row in reply[1:]]

    def each_decision(self, batch_id: str) -> Iterator[tuple[Decision, list[int]]]:
        """A batch's decisions, oldest first, each with the numbers of the items that it changed.

        Raises:
            RedisUnreachable: Redis does not answer.
        """
        place = 1
        while place:
            place, *rows = self._connection.run("list_decided", batch_id, place, SLICES_AT_ONCE)
            for row, items in zip(rows[::2], rows[1::2], strict=True):
                # `7m`: the number, and what was done to the item.
                numbers = [int(found) for found in re.findall(r"(\d+)[a-z]", items)]
                yield load_decision(row), numbers

    def item_history(self, batch_id: str, number: int) -> list[Decision]:
        """The decisions that changed an item, newest first; of very many, the newest dozen.

        Raises:
            ItemUnknown: There is no such item.
            RedisUnreachable: Redis does not answer.
        """
        reply = self._connection.run("read_history", batch_id, number)
        if not reply:
            raise ItemUnknown(batch=batch_id, item=number)
        return [load_decision(row) for row in reply[1:]]


def _dump(decision: Decision) -> str:
    """A decision without what the board itself knows of it."""
    return decision.model_dump_json(exclude={"at", "moved"}, exclude_none=True)
