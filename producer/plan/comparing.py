"""Comparing: a row against its earlier results, by fingerprint."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from producer.index import Entry
from producer.parallel import in_parallel
from producer.plan.book import Book
from producer.plan.verdicts import Kind, Planned
from producer.styling import Styling
from shared.errors import ObjectMissing, ObjectTooLarge
from shared.fingerprint import PixelInputs
from shared.jobs import ItemSpec
from shared.keys import S3Address
from shared.s3 import ObjectStore

#: Threads that read sources where their bytes are compared.
THREADS = 8


@dataclass(frozen=True, slots=True)
class Compared:
    """A verdict, and the numbers of the earlier results that its item has."""

    planned: Planned
    #: Of the one that the verdict is about.
    number: int | None = None
    named: tuple[int, ...] = ()
    #: Bytes of the source now, and whether that result's files are where they were written.
    size: int | None = None
    is_there: bool = True


class Comparison:
    """Judges rows one by one, once the book knows earlier results and objects."""

    def __init__(
        self,
        book: Book,
        styling: Styling,
        store: ObjectStore,
        *,
        max_bytes: int,
        results_in: str | None = None,
    ) -> None:
        """Judge nothing yet.

        Args:
            book: Knows earlier results, and the objects that `looked_up` names.
            styling: The style and the models of now.
            store: Reads sources whose bytes are compared.
            max_bytes: Larger sources are not read.
            results_in: The output prefix, where results must still be there to hold.
        """
        self._book, self._styling, self._store = book, styling, store
        self._max_bytes, self._results_in = max_bytes, results_in
        self._has_pending = book.has_pending()

    def compared(self, specs: Iterable[ItemSpec], *, by_bytes: bool) -> Iterator[Compared]:
        """The verdict on each row, in order.

        Args:
            specs: The rows.
            by_bytes: A source whose ETag or size changed is read, and holds if its bytes are those
                that were rendered.

        Raises:
            StorageError: A source cannot be read.
        """
        judged = map(self._judge, specs)
        return in_parallel(self._look_closer, judged, THREADS) if by_bytes else judged

    def _judge(self, spec: ItemSpec) -> Compared:
        earlier = self._book.earlier(spec.external_id)
        named = tuple(number for number, _ in earlier)
        inputs = self._inputs(spec) if earlier else None
        if earlier and inputs is None:
            return Compared(Planned(spec, Kind.ORPHANED, (), earlier[0][1]), earlier[0][0], named)
        same = _answer(earlier, inputs) if inputs else None
        style = self._styling.of(spec).digest
        batch = self._pending(spec, style)
        # Of the very batch that has it in hand again, it was taken back since.
        if same and same[1].batch != batch and self._is_there(same[1]):
            return Compared(Planned(spec, Kind.UNCHANGED, (), same[1]), same[0], named)
        if batch:
            return Compared(Planned(spec, Kind.PENDING, (batch,)), None, named)
        if inputs is None:
            return Compared(Planned(spec, Kind.NEW))
        # That under the same style says more than a newer one under another.
        number, entry = next((one for one in earlier if one[1].asked.style == style), earlier[0])
        reasons = ("result",) if same else tuple(entry.changes(inputs))
        planned = Planned(spec, Kind.CHANGED, reasons, entry)
        return Compared(planned, number, named, inputs.source_size, self._is_there(entry))

    def _pending(self, spec: ItemSpec, style: str) -> str | None:
        return self._book.pending(spec.external_id, style) if self._has_pending else None

    def _inputs(self, spec: ItemSpec) -> PixelInputs | None:
        """All that decides the row; None where its source is gone."""
        known = self._identity(spec)
        if known is None:
            return None
        mask = self._book.identity(spec.mask) if spec.mask else None
        mask_etag = mask[0] if mask else None
        return self._styling.inputs(spec, etag=known[0], size=known[1], mask_etag=mask_etag)

    def _identity(self, spec: ItemSpec) -> tuple[str, int] | None:
        if spec.etag is not None and spec.size is not None:
            return spec.etag, spec.size
        return self._book.identity(spec.source)

    def _is_there(self, entry: Entry) -> bool:
        if self._results_in is None:
            return True
        return all(self._book.identity(name) for name in _files(entry, self._results_in))

    # --- by bytes

    def _look_closer(self, one: Compared) -> Compared:
        planned = one.planned
        entry = planned.earlier
        if planned.reasons != ("source",) or entry is None or entry.source != planned.spec.source:
            return one
        if one.size != entry.size:
            return one
        if self._digest(S3Address.parse(entry.source)) != entry.sha256:
            return one
        if not one.is_there:
            return replace(one, planned=planned._replace(reasons=("result",)))
        held = planned._replace(kind=Kind.UNCHANGED, reasons=())
        return replace(one, planned=held)

    def _digest(self, source: S3Address) -> str | None:
        """SHA-256 (hex) of a source; None where it cannot be what was rendered."""
        try:
            content = self._store.get(source, max_bytes=self._max_bytes)
        except (ObjectMissing, ObjectTooLarge):
            return None
        return hashlib.sha256(content).hexdigest()


def looked_up(
    specs: Iterable[ItemSpec], book: Book, *, results_in: str | None = None
) -> Iterator[str]:
    """The objects whose identities it takes to compare rows that have an earlier result.

    Args:
        specs: The rows.
        book: Knows the earlier results.
        results_in: The output prefix, where results must still be there to hold.
    """
    for spec in specs:
        earlier = book.earlier(spec.external_id)
        if earlier and (spec.etag is None or spec.size is None):
            yield spec.source
        if earlier and spec.mask:
            yield spec.mask
        if results_in is not None:
            for _, entry in earlier:
                yield from _files(entry, results_in)


def _answer(earlier: list[tuple[int, Entry]], inputs: PixelInputs) -> tuple[int, Entry] | None:
    """What became of these very inputs: the newest result, or else that it was rejected."""
    same = [one for one in earlier if one[1].answers(inputs)]
    return next((one for one in same if not one[1].rejected), next(iter(same), None))


def _files(entry: Entry, results_in: str) -> Iterator[str]:
    """The addresses of all that was written of a result; none of what was rejected."""
    if not entry.rejected:
        result = entry.result(results_in)
        yield from (*result.variants, result.mask, result.sidecar)
