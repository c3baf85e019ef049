"""Outcomes: what the record in S3 says became of each item of a batch.

A result counts where its sidecar lies, which is written last, with all files that it names; each
sidecar is read once. So does one that lies in staging, which waits for a person, as a mask does
there. An item without either failed or was rejected if that is told, and waits otherwise.
"""

import hashlib
import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

from producer.kept_mask import MAX_MASK_BYTES
from producer.parallel import in_parallel
from producer.recovery.matching import Matching
from producer.recovery.past import done, ended, failed, held_mask, held_result, waiting
from producer.recovery.shelf import Shelf
from producer.recovery.written import WrittenRow, written_rows
from producer.retrieval import RecordedRows
from shared.board import PastItem
from shared.errors import ObjectMissing, ObjectTooLarge, SidecarInvalid
from shared.gate import FrozenMask
from shared.jobs import Batch, ItemSpec
from shared.keys import S3Address, item_mark, staging_prefix
from shared.s3 import ObjectStore
from shared.sidecars import MAX_SIDECAR_BYTES, FailureSidecar, Sidecar, parse_sidecar
from shared.states import FINAL, ItemState

#: Sidecars that are read at a time.
THREADS = 32


class _Found(NamedTuple):
    """A whole result of one of our items."""

    past: PastItem
    #: False where another batch with equal pixels wrote it last.
    own: bool


class Outcomes:
    """What became of a batch's items; read once."""

    def __init__(self, batch: Batch, rows: RecordedRows, store: ObjectStore) -> None:
        """Read what was written when the batch ended.

        Raises:
            RecordInvalid: It cannot be used.
            StorageError: S3 refused, or did not answer.
        """
        self._batch = batch
        self._rows = rows
        self._store = store
        self._written = written_rows(batch, store)
        self._matching = Matching(batch, rows, self._written)
        #: Whether a person had cancelled the batch; only its written results tell.
        self.cancelled = any(row.state is ItemState.CANCELLED for row in self._written.values())
        #: Addresses of sidecars that nobody can read.
        self.unread: list[str] = []

    def each(self, listed: Callable[[int], None]) -> Iterator[PastItem]:
        """Every item once, in no order: those with a result, the held, the failed, the waiting.

        Args:
            listed: Called now and then with the number of objects that were listed.

        Raises:
            StorageError: S3 refused, or did not answer.
        """
        output, wanted = S3Address.parse_output(self._batch.output), self._matching.wanted
        shelf = Shelf.read(output, self._store, wanted=wanted, progress=listed)
        staged = Shelf.read(staging_prefix(str(output)), self._store, wanted=wanted)
        return self._each(shelf, staged)

    def _each(self, shelf: Shelf, staged: Shelf) -> Iterator[PastItem]:
        seen: set[int] = set()
        for past in itertools.chain(self._results(shelf), self._held_results(staged)):
            if past.item.spec.number not in seen:
                seen.add(past.item.spec.number)
                yield past
        rest = (spec for spec in self._rows.specs() if spec.number not in seen)
        yield from in_parallel(
            lambda spec: self._without_result(spec, shelf, staged), rest, THREADS
        )

    # --- results

    def _results(self, shelf: Shelf) -> Iterator[PastItem]:
        """What has a result, the newest one of each item first, its own before another's."""
        equal: list[PastItem] = []
        for found in in_parallel(lambda one: self._found(one, shelf), shelf.sidecars(), THREADS):
            if found and found.own:
                yield found.past
            elif found:
                equal.append(found.past)
        yield from equal

    def _found(self, address: S3Address, shelf: Shelf) -> _Found | None:
        told = self._whole(address, shelf)
        match = self._matching.match(told, address) if told else None
        return _Found(done(match.spec, told, address), match.own) if told and match else None

    def _held_results(self, staged: Shelf) -> Iterator[PastItem]:
        """What waits with a result, but for what was rejected; of a cancelled batch nothing."""
        addresses = iter(()) if self.cancelled else staged.sidecars()
        for past in in_parallel(lambda one: self._held(one, staged), addresses, THREADS):
            if past:
                yield past

    def _held(self, address: S3Address, staged: Shelf) -> PastItem | None:
        told = self._whole(address, staged)
        match = self._matching.match(told, address) if told else None
        if told is None or match is None or self._ended_row(match.spec):
            return None
        return held_result(match.spec, told, address)

    def _whole(self, address: S3Address, shelf: Shelf) -> Sidecar | None:
        """The sidecar of a result, with all that it names."""
        told = self._read(address)
        return told if isinstance(told, Sidecar) and _is_whole(told, shelf) else None

    # --- what has none

    def _without_result(self, spec: ItemSpec, shelf: Shelf, staged: Shelf) -> PastItem:
        if failure := self._failure(spec, shelf):
            return failure
        if row := self._ended_row(spec):
            return ended(spec, row)
        if not self.cancelled and (held := self._held_mask(spec, staged)):
            return held
        return waiting(spec, cancelled=self.cancelled)

    def _ended_row(self, spec: ItemSpec) -> WrittenRow | None:
        """The written row of an item that had ended without a result."""
        row = self._written.get(spec.external_id)
        return row if row and row.state in FINAL - {ItemState.DONE} else None

    def _held_mask(self, spec: ItemSpec, staged: Shelf) -> PastItem | None:
        """The mask of an item that waited, or of one that was approved and not painted yet."""
        fingerprint = self._matching.fingerprint(spec)
        if fingerprint is None:
            return None
        keys = replace(
            self._matching.keys(spec, fingerprint), output=staging_prefix(self._batch.output)
        )
        if not staged.holds(keys.frozen):
            return None
        body = self._store.get(keys.frozen, max_bytes=MAX_MASK_BYTES)
        mask = FrozenMask(address=str(keys.frozen), sha256=hashlib.sha256(body).hexdigest())
        names = {"map": keys.map, "thumbnails": keys.thumbnails}
        beside = {name: str(address) for name, address in names.items() if staged.holds(address)}
        return held_mask(spec, mask, beside)

    def _failure(self, spec: ItemSpec, shelf: Shelf) -> PastItem | None:
        batch_id, number = self._batch.batch_id, spec.number
        address = self._matching.keys(spec, item_mark(batch_id, number)).failure
        told = self._read(address) if shelf.holds(address) else None
        if not isinstance(told, FailureSidecar):
            return None
        if (told.batch_id, told.number, told.external_id) != (batch_id, number, spec.external_id):
            return None
        return failed(spec, told, address)

    def _read(self, address: S3Address) -> Sidecar | FailureSidecar | None:
        try:
            body = self._store.get(address, max_bytes=MAX_SIDECAR_BYTES)
            return parse_sidecar(body, where=str(address))
        except ObjectMissing:  # removed since the listing
            return None
        except (SidecarInvalid, ObjectTooLarge):
            self.unread.append(str(address))
            return None


def _is_whole(told: Sidecar, shelf: Shelf) -> bool:
    """Whether all files that a sidecar names lie beside it."""
    pictures = [(variant.address, variant.size) for variant in told.variants]
    return all(
        shelf.holds(S3Address.parse(name), size)
        for name, size in [*pictures, (told.mask.address, None)]
    )
