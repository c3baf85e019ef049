"""Report: a whole manifest inspected, everything that would go wrong told at once."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from producer.check.finding import REFUSED, Finding
from producer.check.inspection import Inspected, Inspector
from producer.manifest import Manifest, read_manifest
from producer.parallel import in_parallel
from producer.problems import shared_problems
from shared.errors import RestyleError
from shared.keys import S3Address
from shared.pictures import Limits
from shared.references import resolve
from shared.s3 import ObjectStore
from shared.styles import Style

#: Headers that are fetched at a time.
THREADS = 32
#: Findings about items that are kept to be told one by one; all are counted.
MAX_FINDINGS = 10_000


@dataclass(slots=True)
class Report:
    """What a check found."""

    #: Items whose headers were read.
    items: int = 0
    #: Rows that are no items.
    wrong_rows: int = 0
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

    def add(self, inspected: Inspected) -> None:
        """Count an item in."""
        self.items += 1
        if inspected.finding is not None:
            self.failing[inspected.finding.code] += 1
            if self.failing.total() <= MAX_FINDINGS:
                self.findings.append(inspected.finding)
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
            "wrong_rows": self.wrong_rows,
            "refused": self.refused,
            "containers": dict(self.containers),
            "megapixels": round(self.pixels / 1e6, 1),
        }


def check(
    manifest: str,
    style: Style,
    store: ObjectStore,
    limits: Limits,
    *,
    output: S3Address | None = None,
    progress: Callable[[int], None] = lambda _items: None,
) -> Report:
    """Check rows, models and every picture's header.

    Args:
        manifest: As for a submission.
        style: What the rows' overrides are applied to.
        store: Reads manifest, listings and headers.
        limits: What a picture may measure.
        output: Where results would go; what lies under it is no source.
        progress: Called with the number of items inspected.

    Raises:
        ManifestUnreadable: No such file, or no manifest.
        ManifestEmpty: No rows.
        CredentialsMissing: For S3.
        StorageUnavailable: S3 does not answer.
    """
    report, inspector = Report(), Inspector(store, limits)
    with read_manifest(manifest, style, store, output=output) as rows:
        if not rows.problem_count:
            rows.refuse_wrong_rows()  # none is no manifest either
        problems = [*rows.problems, *rows.missing_buckets(store)]
        report.wrong_rows = rows.wrong_rows + len(problems) - len(rows.problems)
        report.findings.extend(map(Finding.of_rows, shared_problems(problems)))
        report.findings.extend(_models(rows, store))
        for inspected in in_parallel(inspector.inspect, rows.specs(), THREADS):
            report.add(inspected)
            progress(report.items)
    return report


def _models(manifest: Manifest, store: ObjectStore) -> Iterator[Finding]:
    for reference in sorted(manifest.models):
        try:
            resolve(reference, store=store)
        except RestyleError as error:
            yield Finding.of("model", reference, error)
