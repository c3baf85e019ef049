"""The only place of a worker process that builds things; everybody else is handed them."""

import os
import threading
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog

from shared.board import StatusBoard
from shared.optimizations import parse_optimizations, parse_warm_up
from shared.s3 import ObjectStore
from shared.settings import Settings, cache_path
from worker.batching import Batcher, DeviceFaults
from worker.devices import Device
from worker.inpaint.tuning import Tuning, choose_tuning, fit
from worker.inpainting import Inpainting
from worker.masking import Masking
from worker.memory import MemoryBudget
from worker.models import device_errors
from worker.models.device_facts import device_facts
from worker.models.device_memory import cap_memory
from worker.models.fetch import ModelStore
from worker.models.resident import ResidentModels
from worker.pipeline import Pipeline
from worker.presence import Presence
from worker.results import ResultWriter
from worker.seat import Seat
from worker.sources import Sources
from worker.waiting import BatchLimits, Group
from worker.warmup import WarmingUp
from worker.watchdog import watched
from worker.work import WorkInHand

log = structlog.get_logger()

#: Exit statuses that the supervisor's log explains: lost device, drain past its deadline.
EXIT_DEVICE_LOST = 70
EXIT_DRAIN_DEADLINE = 75


@dataclass(frozen=True, slots=True)
class WorkerProcess:
    """Everything that lives as long as the process."""

    owner: str
    seat: Seat
    batcher: Batcher[Any]
    in_hand: WorkInHand
    presence: Presence
    warming_up: WarmingUp
    drain_seconds: float

    def start(self) -> None:
        """Start the device thread, the renewal of leases and the reports; then warm models up."""
        self.batcher.start()
        self.in_hand.start()
        self.presence.start()
        self.warming_up.run()

    def drain(self) -> None:
        """Claim nothing more, finish the batch on the device, hand the rest back.

        Called from a signal handler: it only sets a flag and starts threads.
        """
        self.in_hand.draining.set()
        threading.Thread(target=self.batcher.close, name="drain", daemon=True).start()
        deadline = threading.Timer(self.drain_seconds, _leave, args=(EXIT_DRAIN_DEADLINE,))
        deadline.daemon = True
        deadline.start()

    def close(self) -> None:
        """End what `start` started."""
        self.batcher.close()
        self.in_hand.close()
        self.presence.close()


def build(device: Device, owner: str, settings: Settings) -> WorkerProcess:
    """Build a worker process for the device that it is pinned to."""
    board = StatusBoard.connect(settings)
    store = ObjectStore.connect(allowed=settings.allowed, pool=2 * settings.threads)
    limits = settings.limits
    in_hand = WorkInHand(board, settings.lease_seconds)
    batcher = _batcher(device, settings, in_hand)
    models = ModelStore(store, cache_path(), max_bytes=settings.max_model_bytes)
    masking = Masking(store, models, batcher, limits)
    inpainting = Inpainting(models, batcher)
    writer = ResultWriter(store, limits, partial(device_facts, device.torch_name))
    sources = Sources(board, store, limits, MemoryBudget(settings.max_memory_bytes))
    pipeline = Pipeline(board, store, sources, masking, inpainting, writer)
    seat = Seat(board, pipeline, in_hand, settings)
    presence = Presence(board, owner, lambda: _facts(device, batcher))
    # Without graphs of its own, no size of a call is colder than another.
    sizes = _tuning(device, settings).buckets or (1,)
    warming_up = WarmingUp(models, store, batcher, parse_warm_up(settings.warm_up), sizes)
    return WorkerProcess(
        owner, seat, batcher, in_hand, presence, warming_up, settings.drain_seconds
    )


def _facts(device: Device, batcher: Batcher[Any]) -> dict[str, object]:
    stats = batcher.stats()
    return {
        "device": device.name,
        "pid": os.getpid(),
        "batches": stats.batches,
        "mean_batch": round(stats.mean_batch, 2),
        "busy_seconds": round(stats.busy_seconds, 1),
    }


def _tuning(device: Device, settings: Settings) -> Tuning:
    return choose_tuning(
        device.torch_name,
        parse_optimizations(settings.optimizations),
        max_batch=settings.max_batch,
        memory_bytes=settings.device_memory_bytes,
    )


def _models(device: Device, settings: Settings) -> ResidentModels:
    """The device's models; under a memory budget one of each kind, as `fit` counts on."""
    tuning, name = _tuning(device, settings), device.torch_name
    cap_memory(name, tuning.memory_bytes)
    return ResidentModels(name, capacity=2 if tuning.memory_bytes is None else 1, tuning=tuning)


def _limits(device: Device, settings: Settings) -> BatchLimits:
    budget, most = _tuning(device, settings).memory_bytes, settings.max_batch

    def fits(group: Group) -> int:
        return fit(group.side, most, budget).batch if group.stage == "inpaint" else most

    return BatchLimits(max_batch=most, fits=fits, wait_seconds=settings.batch_wait_seconds)


def _batcher(device: Device, settings: Settings, in_hand: WorkInHand) -> Batcher[Any]:
    models = _models(device, settings)
    faults = DeviceFaults(
        is_out_of_memory=device_errors.is_out_of_memory,
        is_fatal=device_errors.is_fatal,
        free_memory=models.free_memory,
    )
    limits = _limits(device, settings)
    run = watched(models.run, settings.hang_seconds)
    return Batcher(
        run,
        limits=limits,
        faults=faults,
        on_fatal=_on_fatal,
        under_way=lambda: in_hand.threads,
    )


def _on_fatal(error: BaseException) -> None:
    log.critical("the device is lost; the supervisor starts a new process", exc_info=error)
    _leave(EXIT_DEVICE_LOST)


def _leave(status: int) -> None:
    # No clean-up can be trusted here; the supervisor puts our claims back at once.
    os._exit(status)
