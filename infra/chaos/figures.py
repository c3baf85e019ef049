"""Figures: what a run came to, for its closing table."""

from collections import Counter

from infra.chaos.evidence import Evidence
from infra.chaos.run import Run
from shared.states import ItemState

#: So much of the renders may be wasted, as a share. No invariant: poison can cost more by itself,
#: since a process that it kills takes what is painted and not yet reported with it.
MOST_WASTED = 0.05
#: Of fewer renders a share says nothing.
LEAST_RENDERS = 100


def figures(run: Run, evidence: Evidence) -> dict[str, str]:
    """What happened, by name."""
    states = Counter(str(item.state) for _, item in evidence.items)
    claims = sum(evidence.story.claims.values())
    programs = Counter({program.name: program.starts for program in run.scene.programs})
    return {
        "items by state": _listed(states),
        "faults": _listed(run.done),
        "faults of S3, by request": _listed(_faults_of_s3(run)),
        "renders": _renders(len(evidence.painted), states[ItemState.DONE]),
        "claims": f"{claims}, {claims - sum(states.values())} more than items",
        "messages published again": str(evidence.story.published_again),
        "children started": str(evidence.children),
        "programs started": _listed(programs),
        "seconds to the last batch's end": f"{run.took:.0f}",
    }


def _renders(renders: int, done: int) -> str:
    wasted = 1 - done / renders if renders else 0.0
    told = f"{renders}, {renders - done} wasted ({wasted:.1%})"
    if renders < LEAST_RENDERS:
        return told
    return f"{told}; target under {MOST_WASTED:.0%} {'met' if wasted < MOST_WASTED else 'MISSED'}"


def _faults_of_s3(run: Run) -> Counter[str]:
    counts = run.scene.s3.counts.copy()
    counts["no fault"] = counts.pop("none", 0)
    return counts


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "none"
