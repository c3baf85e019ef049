"""Draft: the rows of a batch's record as files of this disk, before its id is taken."""

import gzip
import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from producer.index import Entry
from producer.plan import ITEMS, Kind, Plan, Planned
from producer.result_row import ResultRow
from producer.specs import flat_row, spec_of
from shared.jobs import ItemSpec
from shared.states import ItemState


@dataclass(frozen=True, slots=True)
class Draft:
    """What of a plan goes into the record."""

    #: Canonical rows of what is queued, in the manifest's order.
    rows_file: Path
    #: SHA-256 (hex) over them.
    rows_digest: str
    #: Rows of what is unchanged with their earlier results, each with its place among the items.
    unchanged_file: Path
    queued: int
    unchanged: int
    #: The plan in numbers.
    summary: dict[str, Any]

    @classmethod
    def of(cls, plan: Plan, folder: Path) -> "Draft":
        """Write the files of a plan into a folder."""
        rows_file, unchanged_file = folder / "rows.jsonl", folder / "unchanged.jsonl.gz"
        digest, unchanged = hashlib.sha256(), 0
        with rows_file.open("wb") as rows, gzip.open(unchanged_file, "wt", encoding="utf-8") as old:
            items = (row for row in plan.rows() if row.kind in ITEMS)
            for place, row in enumerate(items):
                if row.kind is Kind.UNCHANGED:
                    unchanged += 1
                    old.write(_unchanged_line(place, row, plan.output))
                else:
                    line = _line(row.spec)
                    digest.update(line)
                    rows.write(line)
        return cls(
            rows_file, digest.hexdigest(), unchanged_file, plan.queued, unchanged, plan.summary()
        )

    @classmethod
    def of_specs(cls, specs: Iterable[ItemSpec], folder: Path) -> "Draft":
        """Write the files of items that are queued whatever a plan would say."""
        rows_file, digest, count = folder / "rows.jsonl", hashlib.sha256(), 0
        with rows_file.open("wb") as rows:
            for count, spec in enumerate(specs, start=1):  # noqa: B007 - the last count is wanted
                line = _line(spec)
                digest.update(line)
                rows.write(line)
        counts = {str(kind): count if kind is Kind.NEW else 0 for kind in Kind}
        return cls(rows_file, digest.hexdigest(), folder / "unchanged", count, 0, counts)

    def specs(self) -> Iterator[ItemSpec]:
        """What is queued, numbered from 0."""
        with self.rows_file.open("rb") as rows:
            for number, line in enumerate(rows):
                yield spec_of(json.loads(line), number)


def _line(spec: ItemSpec) -> bytes:
    fields = json.dumps(flat_row(spec), ensure_ascii=False, sort_keys=True)
    return f"{fields}\n".encode()


def _unchanged_line(place: int, row: Planned, output: str) -> str:
    if row.earlier is None:  # what is unchanged is so beside an earlier result
        msg = f"the row {row.spec.external_id} is unchanged without an earlier result"
        raise ValueError(msg)
    told = _rejected(row.spec) if row.earlier.rejected else _linked(row.spec, row.earlier, output)
    return json.dumps([place, told.model_dump(mode="json")], ensure_ascii=False) + "\n"


def _linked(spec: ItemSpec, earlier: Entry, output: str) -> ResultRow:
    """The row of an item whose earlier result still holds."""
    result = earlier.result(output)
    return ResultRow(
        external_id=spec.external_id,
        source=spec.source,
        state=ItemState.UNCHANGED,
        earlier=True,
        variants=result.variants,
        mask=result.mask,
        sidecar=result.sidecar,
        fingerprint=result.fingerprint,
    )


def _rejected(spec: ItemSpec) -> ResultRow:
    """The row of an item that somebody rejected as it would be again."""
    state = ItemState.REJECTED
    return ResultRow(external_id=spec.external_id, source=spec.source, state=state, earlier=True)
