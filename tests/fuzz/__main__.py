"""`python -m tests.fuzz --runs 20000 --seed 1`: a long run, with a count of what became of it.

A crash of the interpreter itself is shown by faulthandler; kind and seed make its inputs again.
"""

import argparse
import faulthandler
import time
import warnings
from collections import Counter
from pathlib import Path

from tests.fuzz.property import fuzz, kinds


def main() -> None:
    """Fuzz every kind in equal parts; findings are written into the folder, exit status 1."""
    options = _options()
    faulthandler.enable()
    warnings.simplefilter("ignore")  # as in production, where a warning is a line of the log
    found, names = 0, options.kinds or list(kinds(Path()))
    for kind in names:
        started, told = time.monotonic(), Counter[str]()
        findings = fuzz(kind, runs=options.runs // len(names), seed=options.seed, told=told)
        took = time.monotonic() - started
        codes = ", ".join(f"{code} {count}" for code, count in told.most_common())
        print(f"{kind}: {told.total()} inputs, {len(findings)} findings, {took:.0f} s ({codes})")
        for number, finding in enumerate(findings):
            path = Path(options.folder) / f"fuzz-{kind}-{options.seed}-{number}.bin"
            path.write_bytes(finding.content)
            print(f"  {path}: {finding.what[:300]}")
        found += len(findings)
    raise SystemExit(bool(found))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20_000, help="inputs, all kinds together")
    parser.add_argument("--seed", type=int, default=1, help="another seed makes other inputs")
    parser.add_argument("--folder", default=".", help="where findings are written")
    parser.add_argument("kinds", nargs="*", help="by default all")
    return parser.parse_args()


main()
