"""Rebuilding: the index is written anew from the sidecars that lie beside the results."""

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from producer.index.entries import Entry
from producer.index.history import Tally, Work
from producer.index.segments import listed_segments, write_segment
from producer.parallel import in_parallel
from producer.record import read_batch
from producer.retrieval import recorded_rows
from shared.errors import ObjectMissing, ObjectTooLarge, SidecarInvalid
from shared.keys import ResultKeys, S3Address
from shared.original import Original
from shared.outcomes import device_seconds
from shared.s3 import ObjectStore
from shared.sidecars import MAX_SIDECAR_BYTES, Sidecar, parse_sidecar

#: Sidecars that are fetched at a time.
THREADS = 16
#: Entries between two calls of a progress callback.
PROGRESS_ENTRIES = 1_000
#: The segment's name; no batch's id begins with an underscore.
NAME = "_rebuilt"


@dataclass(slots=True)
class Rebuilt:
    """What the new index tells."""

    entries: int = 0
    #: Sidecars that cannot be read, and count as none.
    unread: list[str] = field(default_factory=list)


def rebuild(
    output: S3Address,
    store: ObjectStore,
    *,
    progress: Callable[[int], None] = lambda _entries: None,
) -> Rebuilt:
    """Write the index of an output anew, a request for each result, in place of the old one.

    Batches that end meanwhile add their segments as ever; only what was there before is removed.

    Args:
        output: The output prefix.
        store: Holds results and index.
        progress: Called now and then with the number of entries.

    Raises:
        StorageError: S3 refused, or did not answer.
    """
    old, told, tally = listed_segments(str(output), store), Rebuilt(), Tally()

    @functools.cache
    def submitted(batch_id: str) -> _Submitted:
        return _Submitted.read(str(output), batch_id, store)

    def entries() -> Iterator[Entry]:
        for sidecar in _sidecars(output, store, told):
            told.entries += 1
            if told.entries % PROGRESS_ENTRIES == 0:
                progress(told.entries)
            _count(sidecar, tally)
            yield _entry(sidecar, str(output), submitted(sidecar.batch_id))

    address = write_segment(str(output), NAME, entries(), tally.measured(), store)
    for segment in old:
        if segment != address:
            store.delete(segment)
    return told


@dataclass(frozen=True, slots=True)
class _Submitted:
    """What the record of a batch tells of the results that it left."""

    at: datetime | None = None
    #: By item, of a batch that renders again.
    originals: Mapping[int, Original] = field(default_factory=dict)

    @classmethod
    def read(cls, output: str, batch_id: str, store: ObjectStore) -> Self:
        batch = read_batch(output, batch_id, store)
        if batch is None:
            return cls()
        if batch.parent is None:
            return cls(batch.submitted_at)
        with recorded_rows(batch, store) as rows:
            found = {spec.number: spec.stands_for for spec in rows.specs() if spec.stands_for}
        return cls(batch.submitted_at, found)


def _sidecars(output: S3Address, store: ObjectStore, told: Rebuilt) -> Iterator[Sidecar]:
    def read(address: S3Address) -> Sidecar | None:
        try:
            body = store.get(address, max_bytes=MAX_SIDECAR_BYTES)
            found = parse_sidecar(body, where=str(address))
        except ObjectMissing:  # removed since the listing
            return None
        except (SidecarInvalid, ObjectTooLarge):
            told.unread.append(str(address))
            return None
        return found if isinstance(found, Sidecar) else None

    for sidecar in in_parallel(read, _addresses(output, store), THREADS):
        if sidecar:
            yield sidecar


def _addresses(output: S3Address, store: ObjectStore) -> Iterator[S3Address]:
    for info in store.list(output, below=False):
        keys = ResultKeys.named(info.address)
        if keys and info.address == keys.sidecar:
            yield info.address


def _count(sidecar: Sidecar, tally: Tally) -> None:
    segmenter, style = sidecar.models.segmenter, sidecar.style
    work = Work(
        painter=sidecar.models.painter.digest,
        segmenter=segmenter.digest if segmenter else None,
        working_size=style.working_size,
        steps=sidecar.sampling.steps,
        variants=style.variants,
    )
    size = sum(variant.size for variant in sidecar.variants)
    tally.add(work, 1, device_seconds(sidecar), size)


def _entry(sidecar: Sidecar, output: str, submitted: _Submitted) -> Entry:
    segmenter, source = sidecar.models.segmenter, sidecar.source
    return Entry(
        external_id=sidecar.external_id,
        source=source.address,
        etag=source.etag,
        size=source.size,
        sha256=source.sha256,
        mask=sidecar.mask.supplied,
        mask_etag=sidecar.mask.supplied_etag,
        style=sidecar.style_digest,
        segmenter=segmenter.digest if segmenter else None,
        painter=sidecar.models.painter.digest,
        renderer=sidecar.renderer.version,
        fingerprint=sidecar.fingerprint,
        variants=[variant.address.removeprefix(output) for variant in sidecar.variants],
        batch=sidecar.batch_id,
        at=(submitted.at or sidecar.rendered_at).isoformat(),
        stands_for=submitted.originals.get(sidecar.number),
    )
