"""KeptMask: the mask that an item has, to be used again as it is.

In this order: a supplied mask; the one that was approved or waits to be; the alpha that lies beside
the result; and at last the mask beside the result, which is hard where it was found by text, so
that its edge is soft no more.
"""

import hashlib
from typing import NamedTuple

from shared.errors import ObjectMissing
from shared.gate import FrozenMask
from shared.jobs import Item, Result
from shared.keys import ResultKeys, S3Address
from shared.s3 import ObjectStore

#: A mask's PNG is a fraction of its picture; more is another kind of file.
MAX_MASK_BYTES = 100_000_000


class KeptMask(NamedTuple):
    """A mask that is used again: one of the two."""

    #: s3:// address of the row's own mask.
    supplied: str | None = None
    frozen: FrozenMask | None = None


def kept_mask(item: Item, store: ObjectStore) -> KeptMask | None:
    """The mask of an item; None where it has none yet.

    Raises:
        ObjectMissing: Its result's mask is gone.
        StorageError: S3 refused, or did not answer.
    """
    if item.spec.mask:
        return KeptMask(supplied=item.spec.mask)
    held = item.held.mask if item.held else None
    if frozen := item.frozen or held or item.spec.frozen:
        return KeptMask(frozen=frozen)
    result = item.result or (item.held.result if item.held else None)
    return KeptMask(frozen=_beside(result, store)) if result else None


def _beside(result: Result, store: ObjectStore) -> FrozenMask:
    mask = S3Address.parse(result.mask)
    keys = ResultKeys.named(mask)
    try:
        return _frozen(keys.frozen if keys else mask, store)
    except ObjectMissing:
        return _frozen(mask, store)


def _frozen(address: S3Address, store: ObjectStore) -> FrozenMask:
    content = store.get(address, max_bytes=MAX_MASK_BYTES)
    return FrozenMask(address=str(address), sha256=hashlib.sha256(content).hexdigest())
