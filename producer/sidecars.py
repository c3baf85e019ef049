"""Sidecars read back, from S3 or from this disk, and whether a replay can still come out equal."""

from pathlib import Path
from typing import Any

from pydantic_core import from_json

from shared.errors import (
    NothingToReplay,
    SidecarInvalid,
    SourceChanged,
    StorageError,
    StorageUnavailable,
)
from shared.facts import StoredFile
from shared.gate import FrozenMask
from shared.keys import S3Address
from shared.s3 import ObjectStore
from shared.sidecars import (
    MAX_SIDECAR_BYTES,
    FailureSidecar,
    Sidecar,
    parse_sidecar,
)


def read_sidecar(name: str, store: ObjectStore) -> Sidecar:
    """The sidecar of a result, from S3 or from this disk.

    Raises:
        SidecarInvalid: It cannot be read, or is no sidecar.
        NothingToReplay: It tells of a failure.
        StorageError: It is not in S3, or S3 refused.
    """
    if name.startswith("s3://"):
        return stored_sidecar(name, store)
    return _of_result(_local_bytes(Path(name)), name)


def stored_sidecar(name: str, store: ObjectStore) -> Sidecar:
    """The sidecar of a result at an s3:// address; raises as `read_sidecar`."""
    address = S3Address.parse(name, kind="sidecar")
    return _of_result(store.get(address, max_bytes=MAX_SIDECAR_BYTES), name)


def sidecar_fields(name: str, store: ObjectStore) -> dict[str, Any] | None:
    """What a sidecar holds, as it was written by whichever release; None where it cannot be had.

    Raises:
        StorageUnavailable: S3 did not answer.
    """
    try:
        body = store.get(S3Address.parse(name, kind="sidecar"), max_bytes=MAX_SIDECAR_BYTES)
        fields = from_json(body, allow_inf_nan=False)
    except StorageUnavailable:
        raise
    except (StorageError, ValueError):  # it is gone, not to be read, or no JSON
        return None
    return fields if isinstance(fields, dict) else None


def _of_result(body: bytes, name: str) -> Sidecar:
    found = parse_sidecar(body, where=name)
    if isinstance(found, FailureSidecar):
        raise NothingToReplay(sidecar=name, failure=found.error.code, batch=found.batch_id)
    return found


def _local_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            body = file.read(MAX_SIDECAR_BYTES + 1)
    except OSError as error:
        reason = f"it cannot be read: {error.strerror}"
        raise SidecarInvalid(sidecar=path, reason=reason) from error
    if len(body) > MAX_SIDECAR_BYTES:
        raise SidecarInvalid(sidecar=path, reason=f"it is over {MAX_SIDECAR_BYTES:,} bytes")
    return body


def check_inputs(then: Sidecar, store: ObjectStore) -> None:
    """Refuse at once what no worker could render equal, or nobody could compare.

    Raises:
        SourceChanged: Source or supplied mask are no longer what was rendered.
        ObjectMissing: One of them, or a part of the stored result, is gone.
    """
    pinned = {then.source.address: then.source.etag}
    if then.mask.supplied is not None:
        pinned[then.mask.supplied] = str(then.mask.supplied_etag)
    for text, etag in pinned.items():
        address = S3Address.parse(text)
        if store.head(address).etag != etag:
            raise SourceChanged(address=address, expected=etag)
    files: list[StoredFile | FrozenMask] = [*then.variants, then.mask]
    files += [then.mask.frozen] if then.mask.frozen else []
    for file in files:
        store.head(S3Address.parse(file.address))
