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
    #: s3:// addresses, variant 1 first.
    variants: tuple[str, ...] = ()
    mask: str | None = None
    sidecar: str | None = None
    fingerprint: str | None = None
    #: Why it failed, in the words of the sidecar.
    code: str | None = None
    message: str | None = None
    hint: str | None = None

    @classmethod
    def of(cls, item: Item) -> "ResultRow":
        """The row of an item as the board has it."""
        fields: dict[str, Any] = {}
        if item.result:
            fields |= item.result.model_dump(include=_RESULT_FIELDS)
        if item.failure:
            fields |= item.failure.model_dump(include=_FAILURE_FIELDS)
        spec = item.spec
        return cls(external_id=spec.external_id, source=spec.source, state=item.state, **fields)


_RESULT_FIELDS = {"variants", "mask", "sidecar", "fingerprint"}
_FAILURE_FIELDS = {"code", "message", "hint", "sidecar"}
