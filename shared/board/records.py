"""How batches and items are written in Redis, and read back.

A waiting item costs one entry of a hash (its spec, short names, defaults left out) and two of
sorted sets; its own small hash begins with the first claim.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast

from shared.brakes import PauseReason
from shared.jobs import Batch, BatchStatus, Claim, Failure, Item, ItemSpec, Result
from shared.record import Record
from shared.states import ItemState

#: Field of ItemSpec → its name in Redis; the number is the hash's own field.
_SPEC_NAMES: Mapping[str, str] = {
    "external_id": "i",
    "source": "s",
    "mask": "m",
    "frozen": "f",
    "overrides": "o",
    "etag": "e",
    "size": "z",
}
#: Prefix of a batch's count of items in one state.
_COUNT = "n:"


def dump_spec(spec: ItemSpec) -> str:
    """The spec as compact JSON, without its number and without defaults."""
    fields = {short: getattr(spec, name) for name, short in _SPEC_NAMES.items()}
    kept = {short: value for short, value in fields.items() if value is not None and value != {}}
    return json.dumps(kept, separators=(",", ":"), ensure_ascii=False, default=Record.model_dump)


def load_spec(number: int, text: str) -> ItemSpec:
    """The spec that `dump_spec` wrote."""
    fields = json.loads(text)
    named = {name: fields[short] for name, short in _SPEC_NAMES.items() if short in fields}
    return ItemSpec(number=number, **named)


def pinned(spec: ItemSpec, etag: str | None, size: str | None) -> ItemSpec:
    """The spec under the source identity that the board has; `""` means none, `None` as it was."""
    if etag is None:
        return spec
    return spec.model_copy(update={"etag": etag or None, "size": int(size) if size else None})


def batch_identity(batch: Batch) -> list[str]:
    """Field, value, …: what makes two submissions under one id the same."""
    return [
        *("manifest", batch.manifest_digest),
        *("style", batch.style.digest),
        *("output", batch.output),
        *("rows", batch.rows_digest),
    ]


def dump_batch(batch: Batch) -> list[str | float]:
    """Field, value, …: a new batch's whole record, its identity first."""
    return [
        *batch_identity(batch),
        # Whole: what a default meant at submission must not change with a later release.
        *("record", batch.model_dump_json()),
        *("total", batch.queued),
        *("lane", batch.lane),
        *("weight", batch.priority + 1),
        *(_COUNT + ItemState.QUEUED, batch.queued),
        *(_COUNT + ItemState.UNCHANGED, batch.unchanged),
        *_brakes(batch),
    ]


def _brakes(batch: Batch) -> list[str | float]:
    """Field, value, …: what stops a batch on its way; only what it has."""
    caps, pilot, breaker = batch.brakes.caps, batch.brakes.pilot, batch.brakes.breaker
    fields = {
        "cap_items": caps.items,
        "cap_device": caps.device_seconds,
        "pilot": min(pilot.items, batch.queued) if pilot and batch.queued else None,
        "pilot_share": pilot.promote_share if pilot else None,
        "breaker_share": breaker.share if breaker else None,
        "breaker_least": breaker.least if breaker else None,
    }
    given = {name: value for name, value in fields.items() if value is not None}
    return [part for pair in given.items() for part in pair]


def load_status(fields: Mapping[str, str]) -> BatchStatus:
    """A batch's roll-up from its record; every state has a count."""
    return BatchStatus(
        batch=Batch.model_validate_json(fields["record"]),
        counts={state: int(fields.get(_COUNT + state, 0)) for state in ItemState},
        sealed="sealed" in fields,
        restoring="restoring" in fields,
        cancelled="cancelled" in fields,
        paused="paused" in fields,
        pause_reason=cast("PauseReason | None", fields.get("paused")),
        pause_note=fields.get("pause_note", ""),
        paused_at=_time(fields.get("paused_at")),
        pilot="pilot" in fields,
        opens_at=_time(fields.get("opens")),
        closes_at=_time(fields.get("closes")),
        device_seconds=round(float(fields.get("device", 0)), 3),
        revision=int(fields.get("revision", 0)),
        ended_at=_time(fields.get("ended")),
        recovered_at=_time(fields.get("recovered")),
        first_claim_at=_time(fields.get("first_claim")),
        last_report_at=_time(fields.get("last_report")),
    )


def load_item(row: Sequence[Any]) -> Item:
    """An item from `read_items`: number, spec, outcome, fields of its hash."""
    number, spec, outcome, flat = row
    fields = pairs(flat)
    state = ItemState(fields.get("state", ItemState.QUEUED))
    return Item(
        spec=pinned(load_spec(int(number), spec), fields.get("etag"), fields.get("size")),
        state=state,
        fence=int(fields.get("fence", 0)),
        deliveries=int(fields.get("deliveries", 0)),
        retries=int(fields.get("retries", 0)),
        strikes=int(fields.get("strikes", 0)),
        owner=fields.get("owner"),
        result=Result.model_validate_json(outcome) if state is ItemState.DONE else None,
        failure=Failure.model_validate_json(outcome) if state is ItemState.FAILED else None,
    )


def load_claim(batch_id: str, number: int, owner: str, reply: Sequence[Any]) -> Claim:
    """A claim from the reply of the script `claim`."""
    spec, fence, deliveries, retries, strikes, etag, size = reply
    return Claim(
        batch_id=batch_id,
        spec=pinned(load_spec(number, spec), etag, size),
        fence=int(fence),
        owner=owner,
        deliveries=int(deliveries),
        retries=int(retries),
        strikes=int(strikes),
    )


def pairs(flat: Sequence[str]) -> dict[str, str]:
    """A hash from a script's flat reply, in which fields and values take turns."""
    return dict(zip(flat[::2], flat[1::2], strict=True))


def _time(milliseconds: str | None) -> datetime | None:
    return moment(float(milliseconds)) if milliseconds else None


def moment(milliseconds: float) -> datetime:
    """A Redis time in milliseconds as an aware datetime."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
