"""Manifest: the rows a user hands in, read and checked in one pass, spooled in canonical form.

What passes the check lies in a temporary file, and so do its identities, so that memory does not
grow with a manifest; it is read again from there: for the plan, the record in S3 and the board.
"""

import hashlib
import json
import tempfile
from array import array
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO

from producer.catalogues import Recognised
from producer.identities import Identities
from producer.left_out import LeftOut
from producer.origin import Origin, open_origin
from producer.problems import HeaderProblem, RowProblem, shared_problems
from producer.rows import Row
from producer.sifting import sifted
from producer.specs import Probe, SpecChecker, flat_row, spec_of
from shared.errors import (
    BucketMissing,
    ManifestEmpty,
    ManifestInvalid,
)
from shared.jobs import ItemSpec
from shared.keys import S3Address
from shared.reading import AS_IT_STANDS, Reading
from shared.s3 import ObjectStore
from shared.styles import Style
from shared.wording import MAX_NAMED

#: Canonical rows are kept in memory up to this size, then on disk.
MAX_MEMORY_BYTES = 16_000_000
#: Problems that are told one by one; all are counted.
MAX_PROBLEMS = 10_000
#: Rows between two calls of a progress callback.
PROGRESS_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class Manifest:
    """Checked rows; usable until the `with` of `open_manifest` ends."""

    #: As the user named it.
    name: str
    total: int
    #: SHA-256 (hex) over the canonical rows.
    digest: str
    #: Every model reference of the style and of the rows' overrides.
    models: frozenset[str]
    #: Every field of the style that some row replaces.
    overridden: frozenset[str]
    #: Of each bucket, the first object that a row names.
    probes: dict[str, Probe]
    #: Rows read, right and wrong; the line that names the columns is none.
    rows: int
    #: What of the file or prefix is no row on purpose.
    left_out: LeftOut
    #: What another program's catalogue was read by; None for our own form and for a prefix.
    recognised: Recognised | None
    #: The file as it was read; None for a prefix.
    original: Path | None
    #: What is wrong with rows that are no items, as far as it is told one by one.
    problems: tuple[RowProblem, ...]
    problem_count: int
    wrong_rows: int
    _lines: "array[int]" = field(repr=False)
    _spool: IO[bytes] = field(repr=False)

    def specs(self) -> Iterator[ItemSpec]:
        """Every item's spec, in the manifest's order; one reading at a time."""
        self._spool.seek(0)
        for number, line in enumerate(self._spool):
            yield spec_of(json.loads(line), number)

    def row_of(self, number: int) -> int | None:
        """The line that an item's row starts on, from 1; None under a listed prefix."""
        return None if self.original is None else self._lines[number]

    def refuse_wrong_rows(self) -> None:
        """Let a manifest pass that holds items and nothing else.

        Raises:
            ManifestInvalid: Wrong rows; all of them are named in `problems`.
            ManifestEmpty: No rows.
        """
        if self.problem_count:
            raise self._invalid(list(self.problems), self.problem_count, self.wrong_rows)
        if not self.total:
            note = self.left_out.note
            raise ManifestEmpty(manifest=self.name, left_out=f": {note}" if note else "")

    def missing_buckets(self, store: ObjectStore) -> list[RowProblem]:
        """Ask for one object of each bucket; of a missing bucket its first row is named.

        A missing object is its item's own failure.

        Raises:
            StorageError: S3 cannot be asked.
        """
        return [problem for probe in self.probes.values() if (problem := _missing(probe, store))]

    def refuse_missing_buckets(self, store: ObjectStore) -> None:
        """Let a manifest pass whose buckets are all there.

        Raises:
            ManifestInvalid: Buckets are missing.
            StorageError: S3 cannot be asked.
        """
        self.refuse(self.missing_buckets(store))

    def refuse(self, problems: Iterable[RowProblem]) -> None:
        """Let a manifest pass that nothing else is wrong with; of each row one thing is told.

        Raises:
            ManifestInvalid: Something is.
        """
        left = iter(problems)
        told = list(islice(left, MAX_PROBLEMS))
        if told:
            count = len(told) + sum(1 for _ in left)
            raise self._invalid(told, count, count)

    def _invalid(self, problems: list[RowProblem], count: int, wrong_rows: int) -> ManifestInvalid:
        """The error for problems, of which some are counted only."""
        told = shared_problems(problems)[:MAX_NAMED]
        named = "; ".join(str(problem) for problem in told)
        rest = count - sum(len(problem.rows) for problem in told)
        return ManifestInvalid(
            manifest=self.name,
            count=wrong_rows,
            reason=f"{named}; and {rest:,} more" if rest > 0 else named,
            problems=[problem._asdict() for problem in problems],
            catalogue=self.recognised.as_json() if self.recognised else None,
        )


def _missing(probe: Probe, store: ObjectStore) -> RowProblem | None:
    try:
        store.exists(probe.address)
    except BucketMissing:
        message = f"there is no bucket {probe.address.bucket}"
        return RowProblem(probe.row, probe.column, message)
    return None


@contextmanager
def open_manifest(
    name: str,
    style: Style,
    store: ObjectStore,
    *,
    reading: Reading = AS_IT_STANDS,
    output: S3Address | None = None,
    progress: Callable[[int], None] = lambda _rows: None,
) -> Iterator[Manifest]:
    """Read and check a whole manifest; one with wrong rows does not pass.

    Raises:
        ManifestUnreadable: No such file, or no manifest.
        MappingInvalid: Columns are mapped, and the manifest has none.
        ManifestInvalid: Wrong rows; all of them are named in `problems`.
        ManifestEmpty: No rows.
    """
    with read_manifest(
        name, style, store, reading=reading, output=output, progress=progress
    ) as manifest:
        manifest.refuse_wrong_rows()
        yield manifest


@contextmanager
def read_manifest(
    name: str,
    style: Style,
    store: ObjectStore,
    *,
    reading: Reading = AS_IT_STANDS,
    output: S3Address | None = None,
    progress: Callable[[int], None] = lambda _rows: None,
) -> Iterator[Manifest]:
    """Read a whole manifest, the wrong rows told apart from the items.

    Args:
        name: A local path or an s3:// address that ends in one of `OPENERS` or in .json, or
            s3://bucket/prefix/ for every image under it.
        style: What the rows' overrides are applied to.
        store: Reads manifests and listings in S3.
        reading: Columns, rewrites of addresses, and patterns.
        output: What lies under it is no source, even where it lies under the listed prefix.
        progress: Called now and then with the number of rows read.

    Raises:
        ManifestUnreadable: No such file, or no manifest.
        MappingInvalid: Columns are mapped, and the manifest has none.
    """
    with (
        tempfile.SpooledTemporaryFile(max_size=MAX_MEMORY_BYTES) as spool,
        Identities() as identities,
        open_origin(name, store) as origin,
    ):
        check = _Check(origin, SpecChecker(style, identities, store.allowed), spool)
        with origin.opened(reading, output, check.left_out) as found:
            for count, row in enumerate(sifted(found.rows, reading, check.left_out), 1):
                check.take(row)
                if count % PROGRESS_ROWS == 0:
                    progress(count)
            check.recognised = found.recognised
        yield check.manifest()


@dataclass(slots=True)
class _Check:
    """A manifest on its way: the good rows on the spool, the problems counted."""

    origin: Origin
    checker: SpecChecker
    spool: IO[bytes]
    total: int = 0
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    problems: list[RowProblem] = field(default_factory=list)
    problem_count: int = 0
    wrong_rows: set[int] = field(default_factory=set)
    header_rows: set[int] = field(default_factory=set)
    left_out: LeftOut = field(default_factory=LeftOut)
    recognised: Recognised | None = None
    lines: "array[int]" = field(default_factory=lambda: array("Q"))

    def take(self, row: Row | RowProblem) -> None:
        if isinstance(row, RowProblem):
            self._note(row)
            return
        spec = self.checker.check(row, self.total)
        if isinstance(spec, ItemSpec):
            self._keep(spec)
            self.lines.append(row.number)
            return
        for problem in spec:
            self._note(problem)

    def _keep(self, spec: ItemSpec) -> None:
        row = json.dumps(flat_row(spec), ensure_ascii=False, sort_keys=True)
        line = f"{row}\n".encode()
        self.digest.update(line)
        self.spool.write(line)
        self.total += 1

    def _note(self, problem: RowProblem) -> None:
        self.wrong_rows.add(problem.row)
        self.problem_count += 1
        if isinstance(problem, HeaderProblem):
            self.header_rows.add(problem.row)
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(problem)

    def manifest(self) -> Manifest:
        return Manifest(
            name=self.origin.name,
            total=self.total,
            digest=self.digest.hexdigest(),
            models=frozenset(self.checker.models),
            overridden=frozenset(self.checker.overridden),
            probes=dict(self.checker.probes),
            rows=self.total + len(self.wrong_rows - self.header_rows),
            left_out=self.left_out,
            recognised=self.recognised,
            original=self.origin.path,
            problems=tuple(self.problems),
            problem_count=self.problem_count,
            wrong_rows=len(self.wrong_rows),
            _lines=self.lines,
            _spool=self.spool,
        )
