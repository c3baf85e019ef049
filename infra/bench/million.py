"""A million rows: what a process takes that reads, plans and submits them, and how long.

    python -m infra.bench.million

Each case is a process of its own, so that its peak is the kernel's own figure (VmHWM).
"""

import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

from infra.bench.earlier import Night
from infra.bench.planning import demo_yard
from infra.bench.submission import board_settings
from infra.bench.yard import Yard, style_file
from producer.index import Entry, write_segment
from producer.plan import Wishes
from producer.styling import Styling
from producer.submission import Submission
from producer.submit import planned, submit
from shared.board import StatusBoard
from shared.references import resolve
from shared.styles import load_style

ROWS = 1_000_000
OUTPUT = "s3://bench/out/"


def main() -> None:
    """Run the asked case in this process, or all of them in processes of their own."""
    if asked := sys.argv[1:]:
        _run(asked[0], int(asked[1]))
        return
    table = Table("case", "rows", "seconds", "peak, MB")
    for case in CASES:
        for rows in (ROWS // 10, ROWS):
            command = [sys.executable, "-m", __spec__.name, case, str(rows)]
            told = subprocess.run(command, check=True, capture_output=True, text=True)
            table.add_row(case, f"{rows:,}", *told.stdout.split()[-2:])
    Console().print(table)


def _run(case: str, rows: int) -> None:
    with demo_yard() as yard:
        manifest = _manifest(yard.folder / "rows.csv", rows)
        prepare, act = CASES[case]
        prepare(yard, rows)
        started = time.perf_counter()
        act(yard, manifest)
        seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(f"{seconds:.0f} {peak:.0f}\n")


def _manifest(path: Path, rows: int) -> Path:
    """Rows that carry their sources' identities, so that nothing has to be listed."""
    with path.open("w") as file:
        file.write("external_id,source,etag,size\n")
        for number in range(rows):
            file.write(f"SKU-{number},s3://bench/in/{number:07d}.jpg,{number:032x},30000\n")
    return path


def _nothing(yard: Yard, _rows: int) -> None:
    """There is no earlier result."""
    yard.s3.make_bucket("bench")


def _index(yard: Yard, rows: int) -> None:
    """Every row was rendered before."""
    style = load_style(style_file(yard.folder))
    models = {name: resolve(name, store=yard.store) for name in (style.segmenter, style.painter)}
    yard.s3.make_bucket("bench")
    write_segment(OUTPUT, "before", _entries(Styling(style, models), rows), [], yard.store)


def _entries(styling: Styling, rows: int) -> Iterator[Entry]:
    night = Night(styling, OUTPUT)
    for number in range(rows):
        source = f"s3://bench/in/{number:07d}.jpg"
        yield night.entry(f"SKU-{number}", source, f"{number:032x}", 30_000)


def _submit(yard: Yard, manifest: Path) -> None:
    board = StatusBoard.connect(board_settings(yard, "million"))
    request = Submission(str(manifest), style_file(yard.folder), OUTPUT, "million")
    submit(request, board, yard.store, cache=yard.folder, dispatch=lambda: None)
    board.close()


def _plan(yard: Yard, manifest: Path) -> None:
    board = StatusBoard.connect(board_settings(yard, "million"))
    request = Submission(str(manifest), style_file(yard.folder), OUTPUT, wishes=Wishes())
    with planned(request, board, yard.store, cache=yard.folder) as plan:
        if plan.queued:
            raise SystemExit(f"something was taken for new or changed: {plan.counts}")
    board.close()


CASES: Mapping[str, tuple[Callable[[Yard, int], None], Callable[[Yard, Path], None]]] = {
    "submit, all new": (_nothing, _submit),
    "plan, all unchanged": (_index, _plan),
    "submit, all unchanged": (_index, _submit),
}


if __name__ == "__main__":
    main()
