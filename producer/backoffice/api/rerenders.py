"""Rerenders over HTTP: chosen items of a batch once more, under other wishes, as a child batch."""

from typing import Annotated, Any, Self

from fastapi import APIRouter, Depends
from pydantic import Field, model_validator
from starlette.responses import Response

from producer.backoffice.api.creating import Created, told
from producer.backoffice.api.filters import Chosen
from producer.backoffice.api.names import MAX_NUMBER, BatchName
from producer.backoffice.asking import TheCaller, TheOffice
from producer.backoffice.bodies import body_of, described
from producer.backoffice.office import Office
from producer.backoffice.repeating import IdempotencyKey, once
from producer.open_models import OpenModels
from producer.rerender import Wish, rerender
from producer.review import seen
from producer.submission import Receipt
from producer.submit import new_batch_id
from producer.uploads import uploaded
from shared.jobs import BatchId, Lane
from shared.keys import S3Address, supplied_mask
from shared.record import Record

router = APIRouter(prefix="/batches/{batch}/rerenders", tags=["batches"])

#: Items that one request may name; a filter may choose more.
MAX_NAMED = 10_000
#: A body may hold a mask.
MAX_BYTES = 80_000_000
#: Fields of the style that name models.
MODELS = ("segmenter", "painter")

Number = Annotated[int, Field(ge=0, le=MAX_NUMBER)]


class NewRerender(Record):
    """What is rendered again and how: the items of the numbers, or all that the filter asks for."""

    numbers: Annotated[list[Number], Field(min_length=1, max_length=MAX_NAMED)] | None = None
    filter: Chosen | None = None
    #: How many items the person was shown; where the filter asks for others, nothing is queued.
    expect: Annotated[int, Field(ge=0)] | None = None
    #: Fields of the style that are other now.
    overrides: dict[str, Any] = Field(default_factory=dict)
    #: s3:// address of another mask, for all of them.
    mask: Annotated[str, Field(max_length=2_048)] | None = None
    #: Or the mask itself.
    mask_base64: str | None = None
    #: Use the mask again that each item has.
    keep_mask: bool = False
    #: By default urgent for a few items, and standard for many.
    lane: Lane | None = None
    #: Of the child; by default one is made up.
    batch_id: BatchId | None = None

    @model_validator(mode="after")
    def _one_way_to_items_and_mask(self) -> Self:
        if (self.numbers is None) == (self.filter is None):
            msg = "either `numbers` or `filter` should say which items"
            raise ValueError(msg)
        if self.mask is not None and self.mask_base64 is not None:
            msg = "mask and mask_base64 are two masks"
            raise ValueError(msg)
        return self


TheWish = Annotated[NewRerender, Depends(body_of(NewRerender, MAX_BYTES))]


class _Asked(Record):
    """A request with the batch that it is about, for its key."""

    parent: str
    wish: NewRerender


@router.post("", status_code=201, openapi_extra=described(NewRerender))
def create_rerender(
    office: TheOffice,
    caller: TheCaller,
    batch: BatchName,
    wish: TheWish,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> Created:
    """Queue items of a batch again, as a batch of their own whose `parent` it is."""
    OpenModels.of(office.settings).check(
        name for field in MODELS if isinstance(name := wish.overrides.get(field), str)
    )
    asked, child = _Asked(parent=batch, wish=wish), wish.batch_id or new_batch_id(batch)
    receipt = once(
        idempotency_key,
        caller,
        asked,
        child,
        office,
        lambda child_id: _placed(batch, wish, child_id or wish.batch_id, office),
    )
    return told(receipt, office, response)


def _placed(batch: str, asked: NewRerender, child_id: str | None, office: Office) -> Receipt:
    chosen = asked.filter.filter if asked.filter else None
    numbers = asked.numbers or ()
    wish = Wish(
        batch_id=batch,
        numbers=seen(office.board, batch, chosen, asked.expect) if chosen else numbers,
        overrides=asked.overrides,
        mask=_mask(batch, asked, office),
        keep_mask=asked.keep_mask,
        lane=asked.lane,
        child_id=child_id,
    )
    return rerender(wish, office.board, office.store, dispatch=office.dispatch)


def _mask(batch: str, asked: NewRerender, office: Office) -> str | None:
    """The address of the mask; one that came by its bytes is stored under its digest."""
    if asked.mask is not None:
        return str(S3Address.parse_object(asked.mask, kind="mask"))
    if asked.mask_base64 is None:
        return None
    limits = office.settings.limits
    mask = uploaded(asked.mask_base64, field="mask_base64", limits=limits, is_source=False)
    output = office.board.status(batch).batch.output
    address = supplied_mask(output, mask.sha256, mask.extension)
    mask.store(address, office.store)
    return str(address)
