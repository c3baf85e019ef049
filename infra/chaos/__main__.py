"""`make chaos`: a catalogue under injected faults; the exit status is the verdict.

    python -m infra.chaos --seed 7

Without a seed it draws one, and says which.
"""

import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from infra.chaos.catalogue import boundary_shelf, stock
from infra.chaos.evidence import gather
from infra.chaos.faults import FAULTS
from infra.chaos.figures import figures
from infra.chaos.invariants import violations
from infra.chaos.orders import Orders, Plant
from infra.chaos.run import Run
from infra.chaos.schedule import schedule
from infra.chaos.stage import staged

#: Kinds of trouble beside the scheduled faults; all of them can be chosen by name.
POISON, S3, BOUNDARIES = "poison", "s3", "boundaries"
EVERYTHING = (*FAULTS, POISON, S3, BOUNDARIES)
#: Seconds of faults for each item; the first comes when the first children are up.
SECONDS_PER_ITEM, FIRST_SECONDS, PACE_SECONDS = 0.12, 4.0, 1.8
#: Devices that share the crashes at the boundaries, since each death lengthens a back-off.
BOUNDARY_DEVICES = 4
HOSTS = 2
WIDTH = 120


def chaos(
    seed: Annotated[int | None, typer.Option(help="Decides what happens when.")] = None,
    items: Annotated[int, typer.Option(min=1, help="Items of the catalogue.")] = 300,
    faults: Annotated[
        str, typer.Option(help=f"Only these, commas between: {', '.join(EVERYTHING)}.")
    ] = ",".join(EVERYTHING),
    plant: Annotated[Plant, typer.Option(help="A bug to be caught.")] = "none",
    keep: Annotated[Path | None, typer.Option(help="A new folder for logs and data.")] = None,
) -> None:
    """Render a catalogue under faults, then check that nothing was lost, doubled or left behind.

    First an item for each boundary of its way, whose process is killed there; then the catalogue
    on two hosts, under everything else. Exit status 1 where an invariant is broken.
    """
    seed = random.randrange(10_000) if seed is None else seed
    chosen = _chosen(faults)
    typer.echo(f"seed {seed}")
    broken: list[str] = []
    with _folder(keep) as folder:
        if BOUNDARIES in chosen:
            orders = Orders(
                folder=folder / "boundaries", plant=plant, devices=BOUNDARY_DEVICES, threads=1
            )
            broken += _boundaries(orders, seed)
        if set(chosen) - {BOUNDARIES}:
            orders = Orders(folder=folder / "catalogue", plant=plant)
            broken += _catalogue(orders, seed, items, chosen)
    raise typer.Exit(1 if broken else 0)


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    """The folder that is to be kept, or one that goes with the run."""
    with tempfile.TemporaryDirectory(prefix="restyle-chaos-") as passing:
        yield keep or Path(passing)


def _chosen(faults: str) -> list[str]:
    names = [name.strip() for name in faults.split(",") if name.strip()]
    unknown = [name for name in names if name not in EVERYTHING]
    if unknown:
        raise typer.BadParameter(f"there is no fault {unknown[0]}; there are {EVERYTHING}")
    return names


def _boundaries(orders: Orders, seed: int) -> list[str]:
    """A crash at each boundary in turn."""
    with staged(orders, seed, hosts=1) as scene:
        run = Run(scene, [boundary_shelf(scene.s3.store)], [], 0.0, _say)
        return _verdict("a crash at every boundary", run, s3_faults=False)


def _catalogue(orders: Orders, seed: int, items: int, chosen: list[str]) -> list[str]:
    """The whole catalogue under all the other faults."""
    seconds = FIRST_SECONDS + SECONDS_PER_ITEM * items
    scheduled = [name for name in FAULTS if name in chosen]
    planned = schedule(seed, scheduled, FIRST_SECONDS, seconds, PACE_SECONDS)
    with staged(orders, seed, HOSTS) as scene:
        shelves = stock(scene.s3.store, items, seed, poisoned=POISON in chosen)
        run = Run(scene, shelves, planned, seconds, _say)
        return _verdict(f"{items} items under faults", run, s3_faults=S3 in chosen)


def _say(seconds: float, what: str) -> None:
    typer.echo(f"{seconds:6.1f} s  {what}")


def _verdict(title: str, run: Run, *, s3_faults: bool) -> list[str]:
    """Run it, print what it came to, and return the broken invariants' sentences."""
    run.go(s3_faults=s3_faults)
    evidence = gather(run)
    table = Table("figure", "value", title=title, title_justify="left")
    for name, value in figures(run, evidence).items():
        table.add_row(name, value)
    broken = violations(evidence)
    table.add_row("violations", str(len(broken)))
    Console(width=WIDTH).print(table)
    for sentence in broken:
        typer.echo(f"VIOLATED: {sentence}")
    return broken


if __name__ == "__main__":
    typer.run(chaos)
