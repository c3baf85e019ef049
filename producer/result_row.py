"""ResultRow: what became of one item, as results.jsonl and results.csv tell it."""

from typing import Any

from shared.jobs import Item
from shared.record import Record
from shared.states import ItemState


class ResultRow(Record):
    """What became of one item; None where a field has nothing to say."""

    external_id: str
    source: str
    state: ItemState
    #: Nothing was rendered for it: its result, or its rejection, is an earlier batch's.
    earlier: bool = False
    #: s3:// addresses, variant 1 first.
    variants: tuple[str, ...] = ()
    mask: str | None = None
    sidecar: str | None = None
    fingerprint: str | None = None
    #: Why it failed, in the words of the sidecar.
    code: str | None = None
    message: str | None = None
    hint: str | None = None
    #: What the gate says of its mask: 0 to 1, and what it complains of.
    score: float | None = None
    reasons: tuple[str, ...] = ()
    #: Which variant a person picked, and why it was rejected.
    picked: int | None = None
    reason: str | None = None

    @classmethod
    def of(cls, item: Item) -> "ResultRow":
        """The row of an item as the board has it."""
        fields: dict[str, Any] = {}
        if item.result:
            fields |= item.result.model_dump(include=_RESULT_FIELDS)
        if item.failure:
            fields |= item.failure.model_dump(include=_FAILURE_FIELDS)
        spec, fields = item.spec, fields | _review(item)
        return cls(external_id=spec.external_id, source=spec.source, state=item.state, **fields)


def _review(item: Item) -> dict[str, Any]:
    """What gate and people say of an item; of what is not published no address."""
    judged = item.result or item.held
    gate = judged.gate if judged else None
    fields = {"score": gate.score, "reasons": gate.reasons} if gate else {}
    if item.state is ItemState.REJECTED:
        fields["reason"] = item.reason or None
    return fields | {"picked": item.picked}


_RESULT_FIELDS = {"variants", "mask", "sidecar", "fingerprint"}
_FAILURE_FIELDS = {"code", "message", "hint", "sidecar"}
