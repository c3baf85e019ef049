"""Frozen masks: those that a person approved, fetched and held to their digest."""

import hashlib

from shared.errors import FrozenMaskLost, ObjectMissing, ObjectTooLarge
from shared.gate import FrozenMask
from shared.keys import ResultKeys, S3Address
from shared.s3 import ObjectStore


def frozen_bytes(frozen: FrozenMask, store: ObjectStore, *, source: str, max_bytes: int) -> bytes:
    """The file of an approved mask; `source` names its picture in errors.

    Raises:
        FrozenMaskLost: It is gone, or is not the one that was approved.
        StorageError: S3 does not give it.
    """
    try:
        body = store.get(S3Address.parse(frozen.address), max_bytes=max_bytes)
    except (ObjectMissing, ObjectTooLarge) as error:
        reason = "it is gone" if isinstance(error, ObjectMissing) else "it was replaced"
        raise FrozenMaskLost(mask=frozen.address, source=source, reason=reason) from error
    if hashlib.sha256(body).hexdigest() != frozen.sha256:
        reason = "it is not the one that was approved"
        raise FrozenMaskLost(mask=frozen.address, source=source, reason=reason)
    return body


def map_address(frozen: FrozenMask) -> S3Address | None:
    """Where the map lies that an approved mask was found in; None where no name tells."""
    keys = ResultKeys.named(S3Address.parse(frozen.address))
    return keys.map if keys else None


def map_bytes(frozen: FrozenMask, store: ObjectStore, *, max_bytes: int) -> bytes | None:
    """The map's file; None where it is gone: it paints nothing.

    Raises:
        StorageError: S3 does not give it.
    """
    address = map_address(frozen)
    try:
        return store.get(address, max_bytes=max_bytes) if address else None
    except ObjectMissing:
        return None
