"""Deciding: one decision over many items, which the person has seen the number of."""

import secrets
from collections.abc import Iterable

from producer.review.choosing import seen
from shared.board import Decided, StatusBoard
from shared.results import Stage
from shared.review import Action, Decision, Filter


def new_decision(
    action: Action,
    by: str,
    *,
    reason: str = "",
    stage: Stage | None = None,
    variant: int | None = None,
    name: str | None = None,
) -> Decision:
    """A decision, by default under a fresh id.

    Args:
        action: What is decided.
        by: Who decides: a login name, or a token's name.
        reason: Of a rejection.
        stage: At which the items were seen; what is held at another by then is left alone.
        variant: Of a pick, from 1.
        name: Its id, where whoever asks made one up.
    """
    return Decision(
        id=name or secrets.token_hex(6),
        action=action,
        by=by,
        reason=reason,
        stage=stage,
        variant=variant,
    )


def decide(
    board: StatusBoard,
    batch_id: str,
    decision: Decision,
    wanted: Iterable[int] | Filter,
    *,
    expect: int | None = None,
) -> Decided:
    """Make a decision; repeating it under its id changes nothing more.

    Args:
        board: Holds the batch.
        batch_id: The batch.
        decision: What is decided, from `new_decision`.
        wanted: The items' numbers, or a filter that chooses them and stands in the history; the
            stage that it names is the decision's.
        expect: How many items the person was shown.

    Raises:
        BatchUnknown: No such batch.
        CountDiffers: The filter chooses more or fewer items; nothing was decided.
        BoardError: Redis is away, full or unsafe.
    """
    if decision.action == "approve":
        board.refuse_new_work()
    if isinstance(wanted, Filter):
        asked = wanted.model_dump(mode="json", exclude_defaults=True)
        stage = decision.stage or wanted.stage
        decision = decision.model_copy(update={"filter": asked, "stage": stage})
        wanted = seen(board, batch_id, wanted, expect)
    return board.decide(batch_id, decision, wanted)
