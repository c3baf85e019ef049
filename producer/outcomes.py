"""Outcomes: what the record in S3 says became of each item of a batch.

A result counts where its sidecar lies, which is written last, with all files that it names. It is
an item's own by batch and number; or by its fingerprint, for equal fingerprints are equal pixels,
whichever batch wrote them last. Not covered: an item whose fingerprint only its claim knew (no ETag
was submitted, or it has a mask of its own), and whose equal result another batch wrote over before
its own batch ended: it is rendered again, into the same keys.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta

from producer.parallel import in_parallel
from producer.past import done, ended, failed, waiting
from producer.retrieval import RecordedRows
from producer.shelf import Shelf
from producer.written import written_rows
from shared.board import PastItem
from shared.errors import ObjectMissing, ObjectTooLarge, SidecarInvalid
from shared.fingerprint import PixelInputs
from shared.jobs import Batch, ItemSpec
from shared.keys import ResultKeys, S3Address, item_mark
from shared.s3 import ObjectStore
from shared.s3.info import ObjectInfo
from shared.sidecars import MAX_SIDECAR_BYTES, FailureSidecar, ModelFacts, Sidecar, parse_sidecar
from shared.states import ItemState

#: Sidecars that are read at a time.
THREADS = 32
#: How far S3's clock and that of the host that submitted may be apart.
CLOCK_SLACK = timedelta(hours=1)


class Outcomes:
    """What became of a batch's items; read once, in the manifest's order."""

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
        #: Whether a person had cancelled the batch; only its written results tell.
        self.cancelled = any(row.state is ItemState.CANCELLED for row in self._written.values())
        #: Addresses of sidecars that nobody can read.
        self.unread: list[str] = []

    def each(self, listed: Callable[[int], None]) -> Iterator[PastItem]:
        """Every item as it was, or waiting where nothing tells of it.

        Args:
            listed: Called now and then with the number of objects that were listed.

        Raises:
            StorageError: S3 refused, or did not answer.
        """
        shelf = self._shelf(listed)
        return in_parallel(lambda spec: self._past(spec, shelf), self._rows.specs(), THREADS)

    def _shelf(self, listed: Callable[[int], None]) -> Shelf:
        stems, marks = set[str](), set[str]()
        for spec in self._rows.specs():
            keys = self._keys(spec, self._fingerprint(spec) or "")
            stems.add(keys.stem)
            marks.add(keys.mark)
        since = self._batch.submitted_at - CLOCK_SLACK

        def wanted(keys: ResultKeys, info: ObjectInfo) -> bool:
            # Of a catalogue that was restyled often, what is older is another batch's.
            return keys.stem in stems and (info.modified >= since or keys.mark in marks)

        output = S3Address.parse_output(self._batch.output)
        return Shelf.read(output, self._store, wanted=wanted, progress=listed)

    def _keys(self, spec: ItemSpec, fingerprint: str) -> ResultKeys:
        return ResultKeys.of(self._batch.output, spec.source, fingerprint)

    def _fingerprint(self, spec: ItemSpec) -> str | None:
        """The item's fingerprint, where it can be told without its claim."""
        row = self._written.get(spec.external_id)
        if row and row.fingerprint:
            return row.fingerprint
        if spec.etag and spec.size is not None and spec.mask is None:
            return PixelInputs.of(self._batch, spec, mask_etag=None).fingerprint
        return None

    def _past(self, spec: ItemSpec, shelf: Shelf) -> PastItem:
        if sidecar := self._result(spec, shelf):
            return done(spec, sidecar, self._keys(spec, sidecar.fingerprint).sidecar)
        if failure := self._failure(spec, shelf):
            return failure
        row = self._written.get(spec.external_id)
        if row and row.state is not ItemState.DONE:
            return ended(spec, row)
        return waiting(spec, cancelled=self.cancelled)

    # --- results

    def _result(self, spec: ItemSpec, shelf: Shelf) -> Sidecar | None:
        """The item's own result, the newest of several, else an equal one of another batch."""
        known, equal = self._fingerprint(spec), None
        own: list[Sidecar] = []
        for address in shelf.sidecars_of(self._keys(spec, known or "")):
            sidecar = self._read(address)
            if not isinstance(sidecar, Sidecar) or not self._is_whole(
                sidecar, address, spec, shelf
            ):
                continue
            if self._is_own(sidecar, spec):
                own.append(sidecar)
                if sidecar.fingerprint == known:
                    break
            elif sidecar.fingerprint == known:
                equal = sidecar
        return max(own, key=lambda one: one.rendered_at, default=equal)

    def _is_whole(self, sidecar: Sidecar, address: S3Address, spec: ItemSpec, shelf: Shelf) -> bool:
        """Whether it lies where this item's would, beside all that it names."""
        files = [(variant.address, variant.size) for variant in sidecar.variants]
        return address == self._keys(spec, sidecar.fingerprint).sidecar and all(
            shelf.holds(S3Address.parse(name), size)
            for name, size in [*files, (sidecar.mask.address, None)]
        )

    def _is_own(self, sidecar: Sidecar, spec: ItemSpec) -> bool:
        """Whether this item was rendered.

        Its ETag may be another than the submitted one: a retry takes the source as it is then.
        """
        style, models = self._batch.style.with_overrides(spec.overrides), self._batch.models
        segmenter = models[style.segmenter] if spec.mask is None else None
        return (
            (sidecar.batch_id, sidecar.number) == (self._batch.batch_id, spec.number)
            and sidecar.external_id == spec.external_id
            and (sidecar.source.address, sidecar.mask.supplied) == (spec.source, spec.mask)
            and sidecar.style == style
            and sidecar.models == ModelFacts(segmenter=segmenter, painter=models[style.painter])
        )

    # --- failures

    def _failure(self, spec: ItemSpec, shelf: Shelf) -> PastItem | None:
        batch_id, number = self._batch.batch_id, spec.number
        address = self._keys(spec, item_mark(batch_id, number)).failure
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
