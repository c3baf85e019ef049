"""`make bench`: every benchmark beside its baseline; figures for infra/bench/LOG.md."""

import platform
import subprocess

from rich.console import Console
from rich.table import Table

from infra.bench.checking import checking
from infra.bench.measure import Ratio
from infra.bench.pixels import composite
from infra.bench.submission import submission

BENCHMARKS = (composite, submission, checking)


def main() -> None:
    """Run all benchmarks and print their ratios."""
    table = Table("benchmark", "ours", "baseline", "ratio", "against", title=_title())
    for benchmark in BENCHMARKS:
        table.add_row(*_row(benchmark()))
    Console().print(table)


def _row(figure: Ratio) -> tuple[str, ...]:
    ours = f"{figure.ours:,.0f} {figure.unit}"
    baseline = f"{figure.baseline:,.0f} {figure.unit}"
    return figure.name, ours, baseline, f"{figure.ratio:.2f}", figure.against


def _title() -> str:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    return f"commit {commit.stdout.strip() or 'unknown'}, {platform.machine()}, {platform.system()}"


if __name__ == "__main__":
    main()
