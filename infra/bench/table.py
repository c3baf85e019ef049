"""Table: figures beside their baselines, with the commit that they belong to."""

import platform
import subprocess
from collections.abc import Iterable

from rich.table import Table

from infra.bench.measure import Ratio


def table_of(figures: Iterable[Ratio]) -> Table:
    """A row a figure."""
    table = Table("benchmark", "ours", "baseline", "ratio", "against", title=_title())
    for figure in figures:
        table.add_row(*_row(figure))
    return table


def _row(figure: Ratio) -> tuple[str, ...]:
    ours, baseline = _amount(figure.ours, figure.unit), _amount(figure.baseline, figure.unit)
    return figure.name, ours, baseline, f"{figure.ratio:.2f}", figure.against


def _amount(value: float, unit: str) -> str:
    return f"{value:,.0f} {unit}" if value >= 100 else f"{value:.2f} {unit}"


def _title() -> str:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    return f"commit {commit.stdout.strip() or 'unknown'}, {platform.machine()}, {platform.system()}"
