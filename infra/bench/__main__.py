"""`make bench`: every benchmark beside its baseline; figures for infra/bench/LOG.md.

    python -m infra.bench [NAME ...]

Names choose benchmarks; the exit status is 0 if all that ran reach their targets.
"""

import sys
from collections.abc import Callable, Iterator, Mapping

from rich.console import Console

from infra.bench.busy import device_busy
from infra.bench.checking import checking
from infra.bench.device import painting
from infra.bench.measure import Ratio
from infra.bench.pixels import composite
from infra.bench.planning import planning
from infra.bench.polling import polling
from infra.bench.seams import crops, drift, enlargement
from infra.bench.serving import serving
from infra.bench.submission import submission
from infra.bench.table import WIDTH, table_of
from infra.bench.whole import whole

#: One figure each.
FIGURES: tuple[Callable[[], Ratio], ...] = (
    composite,
    polling,
    whole,
    checking,
    drift,
    crops,
    enlargement,
)
#: Several figures each.
SERIES: tuple[Callable[[], list[Ratio]], ...] = (
    submission,
    serving,
    planning,
    device_busy,
    painting,
)


def main() -> None:
    """Run the benchmarks and print their ratios."""
    figures = list(_measured(sys.argv[1:]))
    Console(width=WIDTH).print(table_of(figures))
    sys.exit(0 if all(figure.holds for figure in figures) else 1)


def _measured(asked: list[str]) -> Iterator[Ratio]:
    known = _benchmarks()
    for name in asked or known:
        yield from known[name]()


def _benchmarks() -> Mapping[str, Callable[[], list[Ratio]]]:
    """All of them by name."""
    single = {figure.__name__: _listed(figure) for figure in FIGURES}
    return single | {series.__name__: series for series in SERIES}


def _listed(figure: Callable[[], Ratio]) -> Callable[[], list[Ratio]]:
    return lambda: [figure()]


if __name__ == "__main__":
    main()
