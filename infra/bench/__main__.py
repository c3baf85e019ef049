"""`make bench`: every benchmark beside its baseline; figures for infra/bench/LOG.md."""

from rich.console import Console

from infra.bench.checking import checking
from infra.bench.pixels import composite
from infra.bench.seams import crops, drift, enlargement
from infra.bench.submission import submission
from infra.bench.table import table_of

BENCHMARKS = (composite, submission, checking, drift, crops, enlargement)


def main() -> None:
    """Run all benchmarks and print their ratios."""
    Console().print(table_of(benchmark() for benchmark in BENCHMARKS))


if __name__ == "__main__":
    main()
