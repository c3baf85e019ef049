"""The only place of a worker process that builds things; everybody else is handed them."""

import mmap
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import structlog

from shared.board.workers import LOST_SERVICES, UNAVAILABLE_MODELS
from shared.broker import DeadLetters
from shared.metrics import BuildMetrics, MetricsServer
from shared.optimizations import parse_optimizations, parse_warm_up
from shared.s3 import ObjectStore, Probe
from shared.settings import Settings, cache_path
from worker.batching import Batcher, DeviceFaults
from worker.bulletin import Bulletin
from worker.companions import CompanionWriter
from worker.cores import Cores
from worker.devices import Device
from worker.edges import Edges
from worker.exits import EXIT_DRAIN_DEADLINE, end_if_hung, leave, lose_device
from worker.figures import Snapshot
from worker.guard import guarded
from worker.holding import Holding
from worker.inpaint.tuning import Tuning, choose_tuning, fit
from worker.inpainting import Inpainting
from worker.masking import Masking
from worker.memory import MemoryBudget
from worker.metrics import WorkerMetrics
from worker.models import device_errors
from worker.models.device_facts import device_facts
from worker.models.device_memory import cap_memory
from worker.models.fetch import ModelStore
from worker.models.rests import Rests
from worker.models.supply import Supply
from worker.outage import Outages
from worker.peers import Peers
from worker.pipeline import Pipeline
from worker.presence import presence
from worker.results import ResultWriter
from worker.risks import Risks
from worker.rounds import Rounds
from worker.seat import Seat
from worker.sources import Sources
from worker.tally import Tally
from worker.waiting import BatchLimits, Group, Request
from worker.warmup import WarmingUp
from worker.work import WorkInHand

log = structlog.get_logger()

#: Seconds between two looks for messages that were set aside.
DELIVERY_SECONDS = 1.0
#: Seconds between two looks at the decoders.
DECODERS_LOOK_SECONDS = 1.0


class DeviceModels(Protocol):
    """What runs on the device; only the device thread calls it."""

    def run(self, group: Group, requests: Sequence[Request]) -> Sequence[Any]:
        """Answer requests of one group, in their order."""

    def free_memory(self) -> None:
        """Let go of what can be loaded again."""


@dataclass(frozen=True, slots=True)
class WorkerProcess:
    """Everything that lives as long as the process."""

    owner: str
    seat: Seat
    batcher: Batcher[Any]
    in_hand: WorkInHand
    #: What it has counted so far.
    look: Callable[[], Snapshot]
    #: What reports again and again.
    rounds: tuple[Rounds, ...]
    #: Where messages go that nobody can read.
    dead_letters: DeadLetters
    metrics: MetricsServer
    warming_up: WarmingUp
    drain_seconds: float

    def start(self) -> None:
        """Start the device thread, the renewal of leases and the reports; then warm models up."""
        self.batcher.start()
        self.in_hand.start()
        for rounds in self.rounds:
            rounds.start()
        self.metrics.start()
        self.warming_up.run()

    def drain(self) -> None:
        """Claim nothing more, finish the batch on the device, hand the rest back.

        Called from a signal handler: it only sets a flag and starts threads.
        """
        self.in_hand.draining.set()
        threading.Thread(target=self.batcher.close, name="drain", daemon=True).start()
        deadline = threading.Timer(self.drain_seconds, leave, args=(EXIT_DRAIN_DEADLINE,))
        deadline.daemon = True
        deadline.start()

    def close(self) -> None:
        """End what `start` started."""
        self.batcher.close()
        self.in_hand.close()
        for rounds in self.rounds:
            rounds.close()
        self.metrics.close()


def build(
    device: Device,
    owner: str,
    settings: Settings,
    *,
    place: int = 0,
    notes: mmap.mmap | None = None,
) -> WorkerProcess:
    """Build a worker process for the device that it is pinned to.

    Args:
        device: The device.
        owner: The process's name on the board.
        settings: The settings.
        place: The device's among those of its supervisor, from 0: no two share a port.
        notes: Memory that its supervisor reads after its death; see `worker.risks`.
    """
    on_device, edges = partial(_resident, device), Edges.connect(settings, notes)
    return assemble(device, owner, settings, on_device, place=place, edges=edges)


def assemble(
    device: Device,
    owner: str,
    settings: Settings,
    on_device: Callable[[Tuning, ModelStore], DeviceModels],
    *,
    place: int = 0,
    edges: Edges | None = None,
) -> WorkerProcess:
    """Build a worker process around what runs on its device; see `build`."""
    tuning = _tuning(device, settings)
    edges = edges or Edges.connect(settings)
    board, store = edges.board, edges.store
    limits = settings.limits
    models, rests = _model_store(settings, store), Rests()
    in_hand, tally = WorkInHand(board, settings.lease_seconds, edges.told), Tally()
    risks = Risks(edges.notes, lasting=device_errors.is_fatal, settle=in_hand.await_reports)
    batcher = _batcher(on_device(tuning, models), settings, tuning, in_hand, risks)
    present = presence(board, owner, lambda: _facts(device, batcher, rests, outages))
    outages = Outages(board, Probe.connect(), in_hand.draining, present.soon)
    peers = Peers(board, owner)
    supply = Supply(models, rests, may_others=peers.may_have, tell=present.soon)
    cores, memory = Cores(), MemoryBudget(settings.max_memory_bytes)
    masking = Masking(store, supply, batcher, limits, cores, risks)
    inpainting = Inpainting(supply, batcher, cores)
    companions = CompanionWriter(store, cores)
    holding = Holding(store, cores, companions)
    writer = ResultWriter(
        store, limits, cores, companions, partial(device_facts, device.torch_name)
    )
    sources = Sources(board, store, limits, memory, cores, risks)
    pipeline = Pipeline(board, sources, masking, holding, inpainting, writer)
    seat = Seat(board, pipeline, in_hand, tally, settings, outages)
    look = partial(_look, tally, batcher, in_hand)
    bulletin = Bulletin(board, look)
    letters = DeadLetters(board, owner)
    rounds = (
        present,
        Rounds("figures", settings.figures_seconds, bulletin.tell),
        Rounds("dead letters", DELIVERY_SECONDS, letters.deliver),
        Rounds(
            "decoders", DECODERS_LOOK_SECONDS, lambda: end_if_hung(risks, settings.hang_seconds)
        ),
    )
    metrics = _metrics(device, look, settings, place)
    # Without graphs of its own, no size of a call is colder than another.
    sizes = tuning.buckets or (1,)
    warming_up = WarmingUp(models, store, batcher, parse_warm_up(settings.warm_up), sizes)
    return WorkerProcess(
        owner,
        seat,
        batcher,
        in_hand,
        look,
        rounds,
        letters,
        metrics,
        warming_up,
        settings.drain_seconds,
    )


def _metrics(
    device: Device, look: Callable[[], Snapshot], settings: Settings, place: int
) -> MetricsServer:
    collectors = [BuildMetrics({"role": "worker", "device": device.name}), WorkerMetrics(look)]
    port = settings.metrics_port and settings.metrics_port + place
    return MetricsServer(collectors, host=settings.metrics_host, port=port)


def _look(tally: Tally, batcher: Batcher[Any], in_hand: WorkInHand) -> Snapshot:
    return Snapshot(
        at=time.monotonic(),
        counts=tally.counts(),
        device=batcher.stats(),
        waiting=batcher.waiting(),
        in_hand=len(in_hand),
    )


def _facts(
    device: Device, batcher: Batcher[Any], rests: Rests, outages: Outages
) -> dict[str, object]:
    stats = batcher.stats()
    return {
        "device": device.name,
        "pid": os.getpid(),
        "batches": stats.batches,
        "mean_batch": round(stats.mean_batch, 2),
        "busy_seconds": round(stats.busy_seconds, 1),
        UNAVAILABLE_MODELS: rests.reasons(),
        LOST_SERVICES: outages.reasons(),
    }


def _tuning(device: Device, settings: Settings) -> Tuning:
    return choose_tuning(
        device.torch_name,
        parse_optimizations(settings.optimizations),
        max_batch=settings.max_batch,
        memory_bytes=settings.device_memory_bytes,
    )


def _model_store(settings: Settings, store: ObjectStore) -> ModelStore:
    return ModelStore(
        store,
        cache_path(),
        max_bytes=settings.max_model_bytes,
        cache_bytes=settings.model_cache_bytes,
    )


def _resident(device: Device, tuning: Tuning, models: ModelStore) -> DeviceModels:
    """The device's models; under a memory budget one of each kind, as `fit` counts on."""
    # Here: half of a process's start is diffusers and transformers, which a stand-in needs not.
    from worker.models.resident import ResidentModels  # noqa: PLC0415

    name, budget = device.torch_name, tuning.memory_bytes
    cap_memory(name, budget)
    return ResidentModels(name, 2 if budget is None else 1, tuning=tuning, verify=models.verify)


def _limits(tuning: Tuning, settings: Settings) -> BatchLimits:
    budget, most = tuning.memory_bytes, settings.max_batch

    def fits(group: Group) -> int:
        return fit(group.side, most, budget).batch if group.stage == "inpaint" else most

    return BatchLimits(max_batch=most, fits=fits, wait_seconds=settings.batch_wait_seconds)


def _batcher(
    models: DeviceModels,
    settings: Settings,
    tuning: Tuning,
    in_hand: WorkInHand,
    risks: Risks,
) -> Batcher[Any]:
    faults = DeviceFaults(
        is_out_of_memory=device_errors.is_out_of_memory,
        is_fatal=device_errors.is_fatal,
        free_memory=models.free_memory,
    )
    limits = _limits(tuning, settings)
    return Batcher(
        guarded(models.run, risks, settings.hang_seconds, tuning.buckets),
        limits=limits,
        faults=faults,
        on_fatal=lose_device,
        under_way=lambda: in_hand.threads,
    )
