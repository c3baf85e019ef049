"""Past items: how an item stood on a board that was lost, from what was written of it."""

from collections.abc import Mapping
from datetime import timedelta

from producer.recovery.written import WrittenRow
from shared.board import PastItem
from shared.gate import FrozenMask
from shared.jobs import Item, ItemSpec
from shared.keys import S3Address
from shared.outcomes import held_of, result_of
from shared.results import Held
from shared.sidecars import FailureSidecar, Sidecar
from shared.states import ItemState


def done(spec: ItemSpec, told: Sidecar, address: S3Address) -> PastItem:
    """The item whose result a sidecar at an address tells of."""
    # The board also had what the upload of the sidecar itself took.
    result = result_of(told, address, sum(told.timings_seconds.values()))
    item = Item(
        spec=spec.model_copy(update={"etag": told.source.etag, "size": told.source.size}),
        state=ItemState.DONE,
        deliveries=told.worker.deliveries,
        retries=told.worker.retries,
        owner=told.worker.owner,
        result=result,
    )
    return PastItem(item, told.rendered_at - timedelta(seconds=result.render_seconds))


def held_result(spec: ItemSpec, told: Sidecar, address: S3Address) -> PastItem:
    """The item whose result lies in staging with a sidecar, and waits for a person."""
    past = done(spec, told, address)
    held = held_of(told, address, sum(told.timings_seconds.values()))
    item = past.item.model_copy(update={"state": ItemState.HELD, "result": None, "held": held})
    return past._replace(item=item)


def held_mask(spec: ItemSpec, mask: FrozenMask, beside: Mapping[str, str]) -> PastItem:
    """The item whose mask lies in staging; nobody remembers what the gate said of it.

    Args:
        spec: The item's.
        mask: The file.
        beside: The addresses of what else lies there: `map`, `thumbnails`.
    """
    held = Held(stage="mask", mask=mask, **beside)
    return PastItem(Item(spec=spec, state=ItemState.HELD, held=held))


def failed(spec: ItemSpec, told: FailureSidecar, address: S3Address) -> PastItem:
    """The item whose failure is told at an address; a person may retry it."""
    item = Item(
        spec=spec,
        state=ItemState.FAILED,
        deliveries=told.worker.deliveries,
        retries=told.worker.retries,
        owner=told.worker.owner,
        failure=told.error.model_copy(update={"sidecar": str(address)}),
    )
    return PastItem(item, told.failed_at)


def ended(spec: ItemSpec, row: WrittenRow) -> PastItem:
    """The item as it had ended without a result, by the batch's written results."""
    return PastItem(Item(spec=spec, state=row.state, failure=row.failure))


def waiting(spec: ItemSpec, *, cancelled: bool) -> PastItem:
    """The item that nothing tells of; of a cancelled batch it does not come back to life."""
    return PastItem(Item(spec=spec, state=ItemState.CANCELLED if cancelled else ItemState.QUEUED))
