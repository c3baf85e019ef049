"""How batches and items are written in Redis, and read back.

A waiting item costs one entry of a hash (its spec, short names, defaults left out) and two of
sorted sets; its own small hash begins with the first claim.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast

from shared.brakes import PauseReason
from shared.gate import FrozenMask
from shared.jobs import Batch, BatchStatus, Claim, Failure, Held, Item, ItemSpec, Result
from shared.record import Record
from shared.review import Decision
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
    "stands_for": "r",
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
        flagged=int(fields.get("flagged", 0)),
        publishing=int(fields.get("publishing", 0)),
        cursor=int(fields.get("cursor", 0)),
        revision=int(fields.get("revision", 0)),
        ended_at=_time(fields.get("ended")),
        recovered_at=_time(fields.get("recovered")),
        first_claim_at=_time(fields.get("first_claim")),
        last_report_at=_time(fields.get("last_report")),
    )


def load_item(row: Sequence[Any]) -> Item:
    """An item from its row: number, spec, outcome, fields of its hash, approved mask, decision."""
    number, text, outcome, flat, frozen, decision = row
    fields = pairs(flat)
    spec = pinned(load_spec(int(number), text), fields.get("etag"), fields.get("size"))
    by, at, reason = decision or (None, None, "")
    return Item(
        spec=spec,
        state=ItemState(fields.get("state", ItemState.QUEUED)),
        fence=int(fields.get("fence", 0)),
        deliveries=int(fields.get("deliveries", 0)),
        retries=int(fields.get("retries", 0)),
        strikes=int(fields.get("strikes", 0)),
        owner=fields.get("owner"),
        frozen=_load_frozen(frozen) or spec.frozen,
        approved="approved" in fields,
        note=fields.get("note", "") if "approved" in fields else "",
        picked=int(fields["picked"]) if "picked" in fields else None,
        decided_by=by,
        decided_at=_time(at),
        reason=reason,
        **_outcome(fields, outcome),
    )


def _outcome(fields: Mapping[str, str], text: str) -> dict[str, Any]:
    """What came of an item, as far as it still counts in its state."""
    state = fields.get("state")
    if state == ItemState.FAILED:
        return {"failure": Failure.model_validate_json(text)}
    if state == ItemState.DONE:
        return {"result": Result.model_validate_json(text)}
    if fields.get("unpublishing") == "copies":  # also of a batch that was cancelled
        return {"held": Held.model_validate_json(text)}
    if "unpublishing" in fields:
        return {"held": _not_yet_in_staging(Result.model_validate_json(text))}
    # Of what was rejected before a loss of Redis no more is known.
    if state in {ItemState.HELD, ItemState.REJECTED} and text:
        return {"held": Held.model_validate_json(text)}
    return {}


def _not_yet_in_staging(result: Result) -> Held:
    """What a result is whose approval was taken back, until its files are."""
    return Held(stage="result", gate=result.gate, thumbnails=result.thumbnails, result=result)


def _load_frozen(text: str | None) -> FrozenMask | None:
    if not text:
        return None
    digest, _, address = text.partition(" ")
    return FrozenMask(address=address, sha256=digest)


def load_decision(row: Sequence[str]) -> Decision:
    """A decision from its row: record, time, items that it changed."""
    record, at, moved = row
    made = Decision.model_validate_json(record)
    return made.model_copy(update={"at": _time(at), "moved": int(moved)})


def load_claim(batch_id: str, number: int, owner: str, reply: Sequence[Any]) -> Claim:
    """A claim from the reply of the script `claim`."""
    text, fence, deliveries, retries, strikes, etag, size, frozen = reply
    spec = pinned(load_spec(number, text), etag, size)
    return Claim(
        batch_id=batch_id,
        spec=spec,
        fence=int(fence),
        owner=owner,
        deliveries=int(deliveries),
        retries=int(retries),
        strikes=int(strikes),
        frozen=_load_frozen(frozen) or spec.frozen,
    )


def pairs(flat: Sequence[str]) -> dict[str, str]:
    """A hash from a script's flat reply, in which fields and values take turns."""
    return dict(zip(flat[::2], flat[1::2], strict=True))


def _time(milliseconds: str | None) -> datetime | None:
    return moment(float(milliseconds)) if milliseconds else None


def moment(milliseconds: float) -> datetime:
    """A Redis time in milliseconds as an aware datetime."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
