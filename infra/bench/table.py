"""Table: figures beside their baselines and targets, with the commit that they belong to."""

import platform
import subprocess
from collections.abc import Iterable

from rich.table import Table

from infra.bench.measure import Ratio

#: In characters: wide enough for a line a figure, or two.
WIDTH = 170
COLUMNS = ("benchmark", "ours", "baseline", "ratio", "target", "holds", "against")


def table_of(figures: Iterable[Ratio]) -> Table:
    """A row a figure."""
    table = Table(*COLUMNS, title=_title())
    for figure in figures:
        table.add_row(*_row(figure))
    return table


def _row(figure: Ratio) -> tuple[str, ...]:
    ours, baseline = _amount(figure.ours, figure.unit), _amount(figure.baseline, figure.unit)
    verdict = ("yes" if figure.holds else "NO") if figure.has_target else ""
    target = _target(figure)
    return figure.name, ours, baseline, f"{figure.ratio:.2f}", target, verdict, figure.against


def _target(figure: Ratio) -> str:
    sign = "≥" if figure.more_is_better else "≤"
    limit = f"{sign} {_amount(figure.limit, figure.unit)}" if figure.limit is not None else ""
    least = f"≥ {figure.least:g} times" if figure.least is not None else ""
    return ", ".join(part for part in (limit, least) if part)


def _amount(value: float, unit: str) -> str:
    return f"{value:,.0f} {unit}" if value >= 100 else f"{value:.2f} {unit}"


def _title() -> str:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    return f"commit {commit.stdout.strip() or 'unknown'}, {platform.machine()}, {platform.system()}"
