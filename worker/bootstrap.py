"""The only place of a worker process that builds things; everybody else is handed them."""

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import structlog

from shared.board import StatusBoard
from shared.s3 import ObjectStore
from shared.settings import Settings, cache_path
from worker.batching import Batcher, DeviceFaults
from worker.devices import Device
from worker.inpainting import Inpainting
from worker.masking import Masking
from worker.memory import MemoryBudget
from worker.models import device_errors
from worker.models.device_facts import device_facts
from worker.models.fetch import ModelStore
from worker.models.resident import ResidentModels
from worker.pipeline import Pipeline
from worker.presence import Presence
from worker.results import ResultWriter
from worker.seat import Seat
from worker.sources import Sources
from worker.waiting import BatchLimits, Group, Request
from worker.watchdog import watched
from worker.work import WorkInHand

log = structlog.get_logger()

#: Exit statuses that the supervisor's log explains: lost device, drain past its deadline.
EXIT_DEVICE_LOST = 70
EXIT_DRAIN_DEADLINE = 75


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
    presence: Presence
    drain_seconds: float

    def start(self) -> None:
        """Start the device thread, the renewal of leases and the reports of presence."""
        self.batcher.start()
        self.in_hand.start()
        self.presence.start()

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
    return assemble(device, owner, settings, ResidentModels(device.torch_name))


def assemble(
    device: Device, owner: str, settings: Settings, on_device: DeviceModels
) -> WorkerProcess:
    """Build a worker process around the models of its device."""
    board = StatusBoard.connect(settings)
    store = ObjectStore.connect(allowed=settings.allowed, pool=2 * settings.threads)
    limits = settings.limits
    batcher = _batcher(on_device, settings)
    in_hand = WorkInHand(board, settings.lease_seconds)
    models = ModelStore(store, cache_path(), max_bytes=settings.max_model_bytes)
    masking = Masking(store, models, batcher, limits)
    inpainting = Inpainting(models, batcher)
    writer = ResultWriter(store, limits, partial(device_facts, device.torch_name))
    sources = Sources(board, store, limits, MemoryBudget(settings.max_memory_bytes))
    pipeline = Pipeline(board, store, sources, masking, inpainting, writer)
    seat = Seat(board, pipeline, in_hand, settings)
    presence = Presence(board, owner, lambda: _facts(device, batcher))
    return WorkerProcess(owner, seat, batcher, in_hand, presence, settings.drain_seconds)


def _facts(device: Device, batcher: Batcher[Any]) -> dict[str, object]:
    stats = batcher.stats()
    return {
        "device": device.name,
        "pid": os.getpid(),
        "batches": stats.batches,
        "mean_batch": round(stats.mean_batch, 2),
        "busy_seconds": round(stats.busy_seconds, 1),
    }


def _batcher(models: DeviceModels, settings: Settings) -> Batcher[Any]:
    faults = DeviceFaults(
        is_out_of_memory=device_errors.is_out_of_memory,
        is_fatal=device_errors.is_fatal,
        free_memory=models.free_memory,
    )
    limits = BatchLimits(max_batch=settings.max_batch, wait_seconds=settings.batch_wait_seconds)
    run = watched(models.run, settings.hang_seconds)
    return Batcher(run, limits=limits, faults=faults, on_fatal=_on_fatal)


def _on_fatal(error: BaseException) -> None:
    log.critical("the device is lost; the supervisor starts a new process", exc_info=error)
    _leave(EXIT_DEVICE_LOST)


def _leave(status: int) -> None:
    # No clean-up can be trusted here; the supervisor puts our claims back at once.
    os._exit(status)
