"""The child of a chaos run: a real worker process around a stand-in for the models.

Started by the supervisor as `python -m infra.chaos.child ORDERS …`, with what `worker.child` gets.
"""

import mmap
import sys
from dataclasses import replace
from functools import partial

from infra.chaos.boundaries import Boundaries
from infra.chaos.device import StandIn
from infra.chaos.journal import Journal
from infra.chaos.orders import Orders
from infra.chaos.planted import LateStore, altered_board
from shared.jobs import Claim
from shared.settings import Settings
from worker import child
from worker.bootstrap import WorkerProcess, assemble
from worker.devices import Device
from worker.edges import Edges
from worker.work import Told


def main() -> None:
    """Serve the queue until SIGTERM."""
    orders = Orders.read(sys.argv.pop(1))
    child.main(partial(_build, orders))


def _build(
    orders: Orders,
    device: Device,
    owner: str,
    settings: Settings,
    *,
    place: int,
    notes: mmap.mmap,
) -> WorkerProcess:
    journal = Journal(orders.journal)
    journal.note("started", owner)
    models = StandIn(orders.asks, journal)
    edges = _edges(orders, Edges.connect(settings, notes), settings)
    edges = replace(edges, told=_told(orders, journal))
    return assemble(
        device, owner, settings, lambda _tuning, _store: models, place=place, edges=edges
    )


def _told(orders: Orders, journal: Journal) -> Told:
    """Note each report that the board took, and do what was asked for at boundaries."""
    boundaries = Boundaries(orders.crashes, orders.asks, journal)

    def told(claim: Claim, step: str) -> None:
        if step == "report":
            journal.note("accepted", claim.batch_id, claim.spec.number, claim.fence)
        boundaries(claim, step)

    return told


def _edges(orders: Orders, plain: Edges, settings: Settings) -> Edges:
    """What a worker is joined to, with the planted bug."""
    board = altered_board(orders.plant, settings)
    store = LateStore.connect() if orders.plant == "commit-first" else plain.store
    return replace(plain, board=board, store=store)


if __name__ == "__main__":
    main()
