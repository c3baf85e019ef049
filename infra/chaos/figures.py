"""Figures: what a run came to, for its closing table."""

from collections import Counter
from dataclasses import dataclass
from typing import Self

from infra.chaos.evidence import Evidence
from infra.chaos.run import Run
from shared.states import ItemState

#: Most renders that may be wasted, as a share.
MOST_WASTED = 0.05


@dataclass(frozen=True, slots=True)
class Figures:
    """What a run came to."""

    rows: tuple[tuple[str, str], ...]
    #: Share of the renders that led to no item's end.
    wasted: float

    @classmethod
    def of(cls, run: Run, evidence: Evidence) -> Self:
        """Count."""
        states = Counter(str(item.state) for _, item in evidence.items)
        done = sum(item.state is ItemState.DONE for _, item in evidence.items)
        renders = len(evidence.painted)
        wasted = 1 - done / renders if renders else 0.0
        story, programs = evidence.story, run.scene.programs
        claims = sum(story.claims.values())
        rows = {
            "items by state": _listed(states),
            "faults": _listed(run.done),
            "faults of S3, by request": _listed(_faults_of_s3(run)),
            "renders": f"{renders}, {renders - done} wasted ({wasted:.1%})",
            "claims": f"{claims}, {claims - sum(states.values())} more than items",
            "messages published again": str(story.published_again),
            "children started": str(evidence.children),
            "programs started": _listed(Counter({p.name: p.starts for p in programs})),
            "seconds to the last batch's end": f"{run.took:.0f}",
        }
        return cls(tuple(rows.items()), wasted)


def _faults_of_s3(run: Run) -> Counter[str]:
    counts = run.scene.s3.counts.copy()
    counts["no fault"] = counts.pop("none", 0)
    return counts


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "none"
