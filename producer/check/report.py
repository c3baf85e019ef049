"""Report: a whole manifest inspected, everything that would go wrong told at once."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from producer.catalogues import Recognised
from producer.check.finding import REFUSED, Finding
from producer.check.inspection import FAULTS, Inspected, Inspector
from producer.known_labels import KnownLabels
from producer.manifest import Manifest, read_manifest
from producer.parallel import in_parallel
from producer.problems import shared_problems
from producer.prompts import PromptNotes
from shared.errors import LabelUnknown, RestyleError
from shared.jobs import ResolvedModel
from shared.keys import S3Address, probe_key
from shared.pictures.limits import Limits
from shared.reading import AS_IT_STANDS, Reading
from shared.references import resolve
from shared.s3 import ObjectStore
from shared.styles import Style

#: Headers that are fetched at a time.
THREADS = 32
#: Findings about items that are kept to be told one by one; all are counted.
MAX_FINDINGS = 10_000


@dataclass(frozen=True, slots=True)
class Draft:
    """What would be submitted."""

    #: Local path or s3:// address of the rows, or an s3:// prefix.
    manifest: str
    style: Style
    #: s3://bucket/prefix/ that results would go under; what lies under it is no source.
    output: str | None = None
    #: Columns, rewrites of addresses, and patterns.
    reading: Reading = AS_IT_STANDS


@dataclass(slots=True)
class Report:
    """What a check found."""

    #: Items whose headers were read.
    items: int = 0
    #: Rows of the manifest, right and wrong.
    rows: int = 0
    #: Rows that are no items.
    wrong_rows: int = 0
    #: What of the manifest is no row on purpose.
    left_out: int = 0
    #: Why: reason → how many.
    left_out_reasons: dict[str, int] = field(default_factory=dict)
    #: What another program's catalogue was read by.
    recognised: Recognised | None = None
    findings: list[Finding] = field(default_factory=list)
    #: Error code → items that would fail with it.
    failing: Counter[str] = field(default_factory=Counter)
    #: Container → usable pictures.
    containers: Counter[str] = field(default_factory=Counter)
    #: Of all usable pictures together.
    pixels: int = 0

    @property
    def usable(self) -> int:
        """Items that nothing is known against."""
        return self.items - self.failing.total()

    @property
    def refused(self) -> bool:
        """Whether a submission would be refused."""
        return self.wrong_rows > 0 or any(found.kind in REFUSED for found in self.findings)

    def add(self, inspected: Inspected, row: int | None) -> None:
        """Count an item in."""
        self.items += 1
        found = (inspected.finding, *inspected.notes) if inspected.finding else inspected.notes
        kept = found[: max(0, MAX_FINDINGS - len(self.findings))]
        self.findings.extend(replace(one, row=row) for one in kept)
        if inspected.finding is not None:
            self.failing[inspected.finding.code] += 1
        if inspected.header is not None:
            self.containers[inspected.header.container] += 1
            width, height = inspected.header.size
            self.pixels += width * height

    def as_json(self) -> dict[str, Any]:
        """The counts, without the findings."""
        return {
            "items": self.items,
            "usable": self.usable,
            "failing": dict(self.failing),
            "rows": self.rows,
            "wrong_rows": self.wrong_rows,
            "left_out": self.left_out,
            "left_out_reasons": self.left_out_reasons,
            "catalogue": self.recognised.as_json() if self.recognised else None,
            "refused": self.refused,
            "containers": dict(self.containers),
            "megapixels": round(self.pixels / 1e6, 1),
        }


def check(
    draft: Draft,
    store: ObjectStore,
    limits: Limits,
    cache: Path,
    *,
    progress: Callable[[int], None] = lambda _items: None,
) -> Report:
    """Check rows, models and every picture's header.

    Args:
        draft: What would be submitted.
        store: Reads manifest, listings and headers.
        limits: What a picture may measure.
        cache: Restyle's cache folder, where models may be.
        progress: Called with the number of items inspected.

    Raises:
        ManifestUnreadable: No such file, or no manifest.
        ManifestEmpty: No rows.
        CredentialsMissing: For S3.
        StorageUnavailable: S3 does not answer.
    """
    report = Report()
    output = _output(draft, store, report)
    with read_manifest(
        draft.manifest, draft.style, store, reading=draft.reading, output=output
    ) as rows:
        if not rows.problem_count:
            rows.refuse_wrong_rows()  # none is no manifest either
        problems = [*rows.problems, *rows.missing_buckets(store)]
        report.rows, report.recognised = rows.rows, rows.recognised
        report.left_out, report.left_out_reasons = rows.left_out.count, rows.left_out.reasons
        report.wrong_rows = rows.wrong_rows + len(problems) - len(rows.problems)
        report.findings.extend(map(Finding.of_rows, shared_problems(problems)))
        if note := rows.left_out.note:
            report.findings.append(Finding.note(draft.manifest, note))
        models = _models(rows, store, report)
        labels = KnownLabels(models, cache)
        _check_labels(rows, draft.style, labels, report)
        prompts = PromptNotes(draft.style, models, cache, labels)
        report.findings.extend(Finding.note(draft.style.name, note) for note in prompts.of_style())
        inspector = Inspector(store, limits, prompts)
        for inspected in in_parallel(inspector.inspect, rows.specs(), THREADS):
            report.add(inspected, rows.row_of(report.items))
            progress(report.items)
    return report


def _output(draft: Draft, store: ObjectStore, report: Report) -> S3Address | None:
    """Where results would go, if they may and can; else that is a finding."""
    if draft.output is None:
        return None
    try:
        output = S3Address.parse_output(draft.output)
        store.allowed.check_write(output)
        store.exists(probe_key(draft.output, "check"))  # a missing bucket is said so
    except FAULTS:
        raise
    except RestyleError as error:
        report.findings.append(Finding.of("output", draft.output, error))
        return None
    return output


def _check_labels(manifest: Manifest, style: Style, labels: KnownLabels, report: Report) -> None:
    """What of style and rows names no label of its segmenter becomes findings."""
    try:
        labels.check(style)
    except LabelUnknown as error:
        report.findings.append(Finding.of("model", style.name, error))
    problems = list(labels.problems(manifest, style))
    report.wrong_rows += len(problems)
    report.findings.extend(map(Finding.of_rows, shared_problems(problems)))


def _models(manifest: Manifest, store: ObjectStore, report: Report) -> dict[str, ResolvedModel]:
    """The models that could be resolved; the others become findings."""
    found: dict[str, ResolvedModel] = {}
    for reference in sorted(manifest.models):
        try:
            found[reference] = resolve(reference, store=store)
        except RestyleError as error:
            report.findings.append(Finding.of("model", reference, error))
    return found
