"""Plan: compares a manifest with earlier results, before anything is queued."""

import itertools
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from producer.index import Measured, Work, fold, listed_segments, read_segment
from producer.index.history import Tally
from producer.manifest import Manifest
from producer.plan.book import SLICE, Book
from producer.plan.comparing import Compared, Comparison, looked_up
from producer.plan.forecast import Forecast
from producer.plan.pending import note_open_batches
from producer.plan.sources import identify
from producer.plan.verdicts import ITEMS, QUEUED, Kind, Orphan, Planned
from producer.styling import Styling
from shared.board import StatusBoard
from shared.errors import StorageError
from shared.jobs import ItemSpec, ResolvedModel
from shared.keys import S3Address
from shared.s3 import ObjectStore
from shared.styles import Style

log = structlog.get_logger(__name__)

#: Orphans that a plan's summary names; all are counted.
NAMED_ORPHANS = 100


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a plan is made."""

    #: Everything is rendered, whatever there is.
    force: bool = False
    #: A source that was written anew with the same bytes is unchanged.
    verify_bytes: bool = False
    #: A result that somebody removed is rendered anew.
    verify_results: bool = False
    #: Results are also looked for whose items the manifest does not name any more.
    orphans: bool = False
    #: An index of so many segments is folded into one on the way; None leaves it as it is.
    fold_from: int | None = None
    #: Larger sources are not read to compare their bytes.
    max_source_bytes: int = 50_000_000
    #: The batch that is planned, which leaves nothing to itself.
    batch_id: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a plan is about."""

    #: The checked rows.
    manifest: Manifest
    style: Style
    #: Every model reference of style and rows, resolved.
    models: Mapping[str, ResolvedModel]
    #: The output prefix, whose index tells the earlier results.
    output: S3Address


@dataclass(frozen=True, slots=True)
class Plan:
    """The verdicts on a manifest's rows; usable while the context of `made_plan` lasts."""

    counts: Mapping[Kind, int]
    #: Changed items by what changed; one may count under several.
    reasons: Mapping[str, int]
    #: Batches that items wait in, with how many.
    pending_in: Mapping[str, int]
    forecast: Forecast
    output: str
    #: Rows of the manifest whose source is gone; `counts` has those that no row names, too.
    gone: int
    _manifest: Manifest = field(repr=False)
    _book: Book = field(repr=False)

    @property
    def queued(self) -> int:
        """Items to be rendered."""
        return sum(self.counts[kind] for kind in QUEUED)

    @property
    def items(self) -> int:
        """Items that a batch of it would have."""
        return sum(self.counts[kind] for kind in ITEMS)

    def rows(self) -> Iterator[Planned]:
        """Every row with its verdict, in the manifest's order; one reading at a time."""
        verdicts = self._book.verdicts()
        for spec, (_, kind, reasons, number) in zip(self._manifest.specs(), verdicts, strict=True):
            earlier = self._book.entry(number) if number is not None else None
            why = tuple(reasons.split(",")) if reasons else ()
            yield Planned(spec, Kind(kind), why, earlier)

    def specs(self) -> Iterator[ItemSpec]:
        """What is rendered, numbered from 0."""
        verdicts = self._book.verdicts()
        chosen = (
            spec
            for spec, verdict in zip(self._manifest.specs(), verdicts, strict=True)
            if verdict[1] in QUEUED
        )
        for number, spec in enumerate(chosen):
            yield spec.model_copy(update={"number": number})

    def orphans(self) -> Iterator[Orphan]:
        """Results whose source is gone, those that no row names last."""
        for entry in itertools.chain(self._book.orphaned_rows(), self._book.orphans()):
            variants = entry.result(self.output).variants
            yield Orphan(entry.external_id, entry.source, variants)

    def summary(self) -> dict[str, Any]:
        """The plan in numbers, as every surface shows it; a part of the orphans is named."""
        named = itertools.islice(self.orphans(), NAMED_ORPHANS)
        return {
            **{str(kind): count for kind, count in self.counts.items()},
            "changed_by": dict(self.reasons),
            "pending_in": dict(self.pending_in),
            "forecast": self.forecast.model_dump(mode="json"),
            "orphans": [orphan._asdict() for orphan in named],
        }


#: Told what happened ("checked", "compared", "queued") to how many rows so far.
Progress = Callable[[str, int], None]


@contextmanager
def made_plan(
    subject: Subject,
    wishes: Wishes,
    board: StatusBoard,
    store: ObjectStore,
    *,
    progress: Progress = lambda _what, _rows: None,
) -> Iterator[Plan]:
    """Compare a manifest with what lies under an output, and with what waits for it.

    Args:
        subject: What is compared.
        wishes: How.
        board: Knows what other batches have in hand, and which devices are at work.
        store: Lists sources, and reads the index.
        progress: Told how far a long manifest is.

    Raises:
        RecordInvalid: A segment of the index is damaged, or of another release.
        StorageError: S3 refused, or did not answer.
        BoardError: Redis did not answer.
    """
    styling = Styling(subject.style, subject.models)
    with Book.opened() as book:
        planner = _Planner(subject.manifest, styling, str(subject.output), book, store, wishes)
        history = planner.read_earlier(board)
        verdicts = planner.judge(planner.comparison(), progress)
        if wishes.orphans:
            planner.look_for_orphans()
        forecast = Forecast.of(verdicts.work, history, board)
        yield verdicts.plan(forecast, subject.manifest, book, planner.output)


@dataclass(slots=True)
class _Verdicts:
    """What was counted of the verdicts."""

    kinds: Counter[Kind] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    pending_in: Counter[str] = field(default_factory=Counter)
    work: Counter[Work] = field(default_factory=Counter)

    def count(self, planned: Planned, styling: Styling) -> None:
        self.kinds[planned.kind] += 1
        if planned.kind is Kind.CHANGED:
            self.reasons.update(planned.reasons)
        elif planned.kind is Kind.PENDING:
            self.pending_in.update(planned.reasons)
        if planned.kind in QUEUED:
            spec = planned.spec
            self.work[Work.of(styling.of(spec), supplied_mask=spec.mask is not None)] += 1

    def plan(self, forecast: Forecast, manifest: Manifest, book: Book, output: str) -> Plan:
        unnamed = sum(1 for _ in book.orphans())
        kinds = {kind: self.kinds[kind] for kind in Kind}
        kinds[Kind.ORPHANED] += unnamed
        return Plan(
            counts=kinds,
            reasons=dict(self.reasons),
            pending_in=dict(self.pending_in),
            forecast=forecast,
            output=output,
            gone=self.kinds[Kind.ORPHANED],
            _manifest=manifest,
            _book=book,
        )


@dataclass(frozen=True, slots=True)
class _Planner:
    """The steps of a plan, in their order."""

    manifest: Manifest
    styling: Styling
    output: str
    book: Book
    store: ObjectStore
    wishes: Wishes

    def read_earlier(self, board: StatusBoard) -> Mapping[Work, Measured]:
        """Fill the book with earlier results; returns what such items took."""
        if not self.wishes.force:
            # First: a batch that ends meanwhile is in the index then.
            note_open_batches(self.book, board, self.output, own=self.wishes.batch_id)
        read, tally = self._read_segments()
        if self.wishes.fold_from and len(read) >= self.wishes.fold_from:
            self._fold(read, tally)
        return tally.by_work()

    def _read_segments(self) -> tuple[list[S3Address], Tally]:
        read: list[S3Address] = []
        tally, is_whole = Tally(), False
        with tempfile.TemporaryDirectory(prefix="restyle-index-") as folder:
            while not is_whole:
                is_whole = True
                for address in listed_segments(self.output, self.store):
                    if address in read:
                        continue
                    segment = read_segment(address, self.store, Path(folder))
                    if segment is None:
                        is_whole = False  # folded into another since it was listed: list anew
                        continue
                    self.book.add_earlier(segment.entries())
                    tally.merge(segment.head.measured)
                    segment.path.unlink()
                    read.append(address)
        return read, tally

    def _fold(self, read: Sequence[S3Address], tally: Tally) -> None:
        """Fold the index; whoever may not does without."""
        try:
            fold(self.output, read, self.book.entries(), tally.measured(), self.store)
        except StorageError as error:
            log.warning("index not folded", output=self.output, **error.report())

    def comparison(self) -> Comparison:
        """Look up every object that it takes, and make ready to compare."""
        results_in = self.output if self.wishes.verify_results else None
        if self.book.has_earlier() and not self.wishes.force:
            wanted = looked_up(self.manifest.specs(), self.book, results_in=results_in)
            self.book.ask_for(wanted)
            identify(self.book, self.store)
        return Comparison(
            self.book,
            self.styling,
            self.store,
            max_bytes=self.wishes.max_source_bytes,
            results_in=results_in,
        )

    def judge(self, comparison: Comparison, progress: Progress) -> _Verdicts:
        """Judge each row, slice by slice."""
        counted, compared = _Verdicts(), self._compared(comparison)
        position = 0
        while part := list(itertools.islice(compared, SLICE)):
            for one in part:
                counted.count(one.planned, self.styling)
            self.book.judge(_verdict(place, one) for place, one in enumerate(part, position))
            self.book.note_named(number for one in part for number in one.named)
            position += len(part)
            progress("compared", position)
        return counted

    def _compared(self, comparison: Comparison) -> Iterator[Compared]:
        specs: Iterable[ItemSpec] = self.manifest.specs()
        if self.wishes.force:
            return (Compared(Planned(spec, Kind.NEW)) for spec in specs)
        return comparison.compared(specs, by_bytes=self.wishes.verify_bytes)

    def look_for_orphans(self) -> None:
        """Look for the sources of results that no row names."""
        self.book.ask_for(list(self.book.unnamed_sources()))
        identify(self.book, self.store)


def _verdict(position: int, one: Compared) -> tuple[int, str, str, int | None]:
    planned = one.planned
    return position, planned.kind, ",".join(planned.reasons), one.number
