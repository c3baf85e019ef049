"""Rerender: chosen items of a batch, rendered again under other wishes, as a child batch.

What a person asks for again is always queued, whatever a plan would say. The child's results stand
for what was first asked of its items, so that the next plan finds these unchanged.
"""

import functools
import json
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from producer.draft import Draft
from producer.kept_mask import KeptMask, kept_mask
from producer.known_labels import KnownLabels
from producer.parallel import in_parallel
from producer.placing import place
from producer.styling import REMEMBERED, Styling
from producer.submission import Receipt
from producer.submit import delay_of, new_batch_id
from shared.board import StatusBoard
from shared.errors import ItemUnknown, ObjectMissing, RerenderInvalid
from shared.jobs import Batch, Item, ItemSpec, Lane
from shared.keys import S3Address, is_apart
from shared.original import Original
from shared.references import resolve
from shared.s3 import ObjectStore
from shared.styles import ALIASES

#: Up to so many items go before all that waits: somebody looks at them right now.
URGENT_ITEMS = 50
#: Items that are read from the board at a time.
PAGE = 500
#: Fields of the style that make another mask.
MASK_FIELDS = frozenset(
    {
        "mask_prompt",
        "protect_prompts",
        "mask_threshold",
        "mask_activation",
        "mask_growth",
        "mask_feather",
        "segmenter",
    }
)
#: Masks that are looked for at a time.
THREADS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a person asks for."""

    #: The batch whose items are meant.
    batch_id: str
    numbers: Collection[int]
    #: Fields of the style that are other now; what a row overrode itself stays.
    overrides: Mapping[str, Any] = field(default_factory=dict)
    #: s3:// address of another mask, for all of them.
    mask: str | None = None
    #: Use the mask again that each item has.
    keep_mask: bool = False
    #: By default urgent for a few items, and standard for many.
    lane: Lane | None = None
    #: Of the child; by default one is made up.
    child_id: str | None = None


def rerender(
    wish: Wish,
    board: StatusBoard,
    store: ObjectStore,
    *,
    dispatch: Callable[[], object],
    cache: Path,
) -> Receipt:
    """Queue items of a batch again, as a batch of their own.

    Args:
        wish: What is asked for.
        board: Has the batch, gets its child.
        store: Reads masks and model archives, gets the child's record.
        dispatch: One step of a dispatcher, so that idle workers begin at once.
        cache: Restyle's cache folder, where models may be.

    Raises:
        RerenderInvalid: It cannot be rendered again like this.
        StyleInvalid: A field is unknown, or a value out of range.
        ItemUnknown: The batch has no item of a number.
        BatchUnknown: There is no such batch, or it has left the board.
        BatchExists: The child's id belongs to another batch.
        LabelUnknown: A prompt names none of the labels of its segmenter.
        ModelError: A model reference leads nowhere.
        StorageError: A mask is missing, or a place may not be read or written.
        BoardError: Redis is away, full or unsafe.
    """
    board.refuse_new_work()
    parent = board.status(wish.batch_id).batch
    _refuse(wish, parent, store)
    store.allowed.check_write(S3Address.parse_output(parent.output))
    again = _Again(wish, parent, store, cache)
    with tempfile.TemporaryDirectory(prefix="restyle-") as folder:
        draft = Draft.of_specs(again.specs(board), Path(folder))
        child = again.child(draft)
        placed = place(child, draft, draft.specs, board, store, lambda _what, _rows: None)
    delay = delay_of(dispatch)
    return Receipt(board.status(child.batch_id), not placed, delay, draft.summary)


def _refuse(wish: Wish, parent: Batch, store: ObjectStore) -> None:
    """Let a wish pass that says one thing, about a batch of a catalogue."""
    new_mask = sorted(MASK_FIELDS & _full_names(wish.overrides).keys())
    reason = ""
    if is_apart(parent.output, parent.batch_id):
        reason = "it is a replay or a single rendering, and no order of a catalogue"
    elif not wish.numbers:
        reason = "none are named"
    elif wish.mask and wish.keep_mask:
        reason = "another mask is given, and theirs are to be kept"
    elif new_mask and (wish.mask or wish.keep_mask):
        reason = f"their mask is given or kept, and {new_mask[0]} would find another"
    if reason:
        raise RerenderInvalid(batch=parent.batch_id, reason=reason)
    parent.style.with_overrides(wish.overrides)
    if wish.mask:
        store.head(S3Address.parse_object(wish.mask, kind="mask"))


def _full_names(overrides: Mapping[str, Any]) -> dict[str, Any]:
    return {ALIASES.get(name, name): value for name, value in overrides.items()}


class _Again:
    """The rows of a child batch, from the items of its parent."""

    def __init__(self, wish: Wish, parent: Batch, store: ObjectStore, cache: Path) -> None:
        self._wish, self._parent, self._store = wish, parent, store
        self._asked = Styling(parent.style, parent.models)
        self._overridden = functools.lru_cache(REMEMBERED)(self._override)
        self._models = dict(parent.models)
        self._labels = KnownLabels(self._models, cache)
        self._finds_mask = bool(MASK_FIELDS & _full_names(wish.overrides).keys())

    def specs(self, board: StatusBoard) -> Iterator[ItemSpec]:
        """The rows, numbered from 0, in the order of the items."""
        items = chosen_items(board, self._parent.batch_id, self._wish.numbers)
        styled = (
            (item, self._overridden(json.dumps(item.spec.overrides, sort_keys=True)))
            for item in items
        )
        for number, spec in enumerate(in_parallel(self._spec, styled, THREADS)):
            yield spec.model_copy(update={"number": number})

    def child(self, draft: Draft) -> Batch:
        """The child batch of these rows, once they are drafted."""
        parent, few = self._parent, draft.queued <= URGENT_ITEMS
        return Batch(
            batch_id=self._wish.child_id or new_batch_id(f"{parent.style.name} again"),
            submitted_at=datetime.now(UTC),
            output=parent.output,
            style=parent.style,
            models=self._models,
            total=draft.queued,
            manifest_digest=draft.rows_digest,
            lane=self._wish.lane or ("urgent" if few else "standard"),
            webhooks=parent.webhooks,
            parent=parent.batch_id,
        )

    def _override(self, row: str) -> dict[str, Any]:
        """A row's overrides (JSON) under the new ones, as the style reads them."""
        merged = json.loads(row) | _full_names(self._wish.overrides)
        style = self._parent.style.with_overrides(merged)
        for name in (style.segmenter, style.painter):
            if name not in self._models:
                self._models[name] = resolve(name, store=self._store)
        if self._finds_mask:
            self._labels.check(style)
        return style.model_dump(mode="json", include=set(merged))

    def _spec(self, styled: tuple[Item, dict[str, Any]]) -> ItemSpec:
        item, overrides = styled
        mask = self._mask(item)
        return ItemSpec(
            number=item.spec.number,
            external_id=item.spec.external_id,
            source=item.spec.source,  # as it is when it is claimed
            mask=mask.supplied,
            frozen=mask.frozen,
            overrides=overrides,
            stands_for=self._original(item),
        )

    def _mask(self, item: Item) -> KeptMask:
        if self._wish.mask:
            return KeptMask(supplied=self._wish.mask)
        if self._wish.keep_mask:
            return self._kept(item)
        approved = item.frozen or item.spec.frozen
        return KeptMask(item.spec.mask, None if self._finds_mask else approved)

    def _kept(self, item: Item) -> KeptMask:
        if mask := kept_mask(item, self._store):
            return mask
        reason = f"the item #{item.spec.number} has no mask to keep"
        raise RerenderInvalid(batch=self._parent.batch_id, reason=reason)

    def _original(self, item: Item) -> Original:
        spec = item.spec
        if spec.stands_for:
            return spec.stands_for
        styled = self._asked.of(spec)
        return Original(
            style=styled.digest,
            segmenter=None if spec.mask else styled.segmenter,
            painter=styled.painter,
            mask_etag=self._mask_etag(item),
        )

    def _mask_etag(self, item: Item) -> str | None:
        if item.spec.mask is None:
            return None
        if item.result and item.result.mask_etag:
            return item.result.mask_etag
        try:
            return self._store.head(S3Address.parse(item.spec.mask)).etag
        except ObjectMissing:
            return None


def chosen_items(board: StatusBoard, batch_id: str, numbers: Collection[int]) -> Iterator[Item]:
    """Items of a batch by their numbers, in order; what is read beside them is passed over.

    Raises:
        ItemUnknown: The batch has no item of a number.
        BatchUnknown: No such batch.
        BoardError: Redis did not answer.
    """
    wanted = sorted(set(numbers))
    while wanted:
        first = wanted[0]
        most = min(PAGE, wanted[-1] - first + 1)
        found = board.items(batch_id, after=first - 1, limit=most) if first >= 0 else []
        if not found or found[0].spec.number != first:
            raise ItemUnknown(batch=batch_id, item=first)
        named = set(wanted)
        yield from (item for item in found if item.spec.number in named)
        wanted = [number for number in wanted if number > found[-1].spec.number]
