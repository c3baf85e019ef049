"""The Batcher: item threads submit requests, one thread owns the device and groups them.

It knows no torch: what runs on the device, and what its errors mean, is handed in.
"""

import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field, replace
from typing import Generic, Self

import structlog

from shared.errors import BatcherClosed, DeviceLost, DeviceOutOfMemory, ModelError
from shared.facts import Call
from worker.waiting import Answer, BatchLimits, Group, Job, Request, ResultT, WaitingRoom

#: Errors that hold for every request of a call alike: a smaller call would end the same way.
#: CancelledError is how a call says that all of its items were cancelled while it ran.
WHOLE_CALL = (ModelError, CancelledError)

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceFaults:
    """What the device's errors mean, and what can be done about them."""

    #: A smaller call may pass.
    is_out_of_memory: Callable[[BaseException], bool]
    #: The device is lost to this process: only a new process helps.
    is_fatal: Callable[[BaseException], bool]
    #: Called between an out-of-memory error and the next try.
    free_memory: Callable[[], None]


@dataclass(frozen=True, slots=True)
class BatcherStats:
    """What the device thread has done so far."""

    #: Calls on the device, failed ones included.
    batches: int = 0
    #: Requests in these calls; one that was tried again counts again.
    requests: int = 0
    #: Calls that raised.
    failed_batches: int = 0
    #: Time inside the calls, in seconds; that of the running call so far counts too.
    busy_seconds: float = 0.0
    #: Calls by the number of requests in them.
    sizes: Mapping[int, int] = field(default_factory=dict)
    #: When the running call began, by the monotonic clock; None between calls.
    running_since: float | None = None

    @property
    def mean_batch(self) -> float:
        """Requests per call; 0 before the first."""
        return self.requests / self.batches if self.batches else 0.0


class Batcher(Generic[ResultT]):
    """Groups requests of many threads into calls that one thread makes.

    A call that fails is repeated in halves, so that one bad request fails alone. After an
    out-of-memory error calls of that group stay small. `with` starts and closes it.
    """

    def __init__(
        self,
        run: Callable[[Group, Sequence[Request]], Sequence[ResultT]],
        *,
        limits: BatchLimits,
        faults: DeviceFaults,
        on_fatal: Callable[[BaseException], None],
        under_way: Callable[[], int | None] = lambda: None,
    ) -> None:
        """Make a Batcher; requests wait until `start`.

        Args:
            run: The call: results in the order of the requests. Only the device thread calls it.
            limits: When a call is made, and how large it may be.
            faults: What the errors of `run` mean.
            on_fatal: Called once by the dying device thread, when every future has its error.
            under_way: How many threads are at an item that may ask; None where nobody knows.
        """
        self._run, self._limits, self._under_way = run, limits, under_way
        self._faults, self._on_fatal = faults, on_fatal
        self._room: WaitingRoom[ResultT] = WaitingRoom(limits)
        self._changed = threading.Condition()
        self._closed = False
        self._on_device: list[Job[ResultT]] = []
        self._stats = BatcherStats()
        self._thread = threading.Thread(target=self._serve, name="device", daemon=True)

    def start(self) -> None:
        """Start the device thread."""
        self._thread.start()

    def submit(self, request: Request) -> Future[Answer[ResultT]]:
        """Queue a request; see `submit_all`."""
        return self.submit_all([request])[0]

    def submit_all(self, requests: Sequence[Request]) -> list[Future[Answer[ResultT]]]:
        """Queue one thread's requests together; blocks while `max_waiting` others wait.

        Urgent ones, as few as their items under way, come in at once. No call is made before all
        of them are there. A future ends with the answer, with the error of the call,
        `DeviceOutOfMemory` if even alone it does not fit, `BatcherClosed` if it never ran, or
        `DeviceLost`.

        Raises:
            BatcherClosed: Nothing is taken any more.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._can_answer(requests))
            if self._closed:
                raise BatcherClosed
            now, asker = time.monotonic(), threading.get_ident()
            jobs: list[Job[ResultT]] = [Job(request, now, asker) for request in requests]
            for job in jobs:
                self._room.add(job)
            self._changed.notify_all()
        return [job.future for job in jobs]

    def close(self, timeout_seconds: float | None = None) -> bool:
        """Take nothing more, hand back what waits, and let the running call end.

        Returns:
            Whether the device thread has ended within the time.
        """
        _fail(self._shut(), BatcherClosed)
        if self._thread.ident is not None:
            self._thread.join(timeout_seconds)
        return not self._thread.is_alive()

    def stats(self) -> BatcherStats:
        """The counters at this moment."""
        stats = self._stats
        if stats.running_since is None:
            return stats
        running = time.monotonic() - stats.running_since
        return replace(stats, busy_seconds=stats.busy_seconds + running)

    def waiting(self) -> int:
        """Requests that wait for the device."""
        with self._changed:
            return len(self._room)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _can_answer(self, requests: Sequence[Request]) -> bool:
        if self._closed or len(self._room) < self._limits.max_waiting:
            return True
        return any(request.lane == "urgent" for request in requests)

    def _shut(self) -> list[Job[ResultT]]:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            return [job for job in self._room.take_all() if _start(job)]

    def _serve(self) -> None:
        try:
            while jobs := self._next_jobs():
                self._work_through(jobs)
        except BaseException as error:  # noqa: BLE001 - whatever ends this thread ends the device
            self._abandon(error)

    def _abandon(self, error: BaseException) -> None:
        _log.critical("device lost", requests=len(self._on_device), exc_info=error)
        waiting = self._shut()
        _fail(self._on_device, lambda: DeviceLost(reason=_one_line(error)))
        _fail(waiting, BatcherClosed)
        self._on_fatal(error)

    def _next_jobs(self) -> list[Job[ResultT]]:
        """Jobs for the next call, already running; empty when the Batcher is closed."""
        with self._changed:
            while not self._closed:
                self._let_cancelled_go()
                now = time.monotonic()
                if taken := self._room.take(now, self._under_way()):
                    self._changed.notify_all()
                    self._on_device = [job for job in taken if _start(job)]
                    if self._on_device:
                        return self._on_device
                else:
                    self._changed.wait(self._room.seconds_until_ripe(now))
        return []

    def _let_cancelled_go(self) -> None:
        dropped = self._room.drop_cancelled()
        for job in dropped:
            _start(job)
        if dropped:
            self._changed.notify_all()

    def _work_through(self, jobs: list[Job[ResultT]]) -> None:
        """Run jobs of one group in as few calls as their errors allow."""
        parts = deque([jobs])
        while parts:
            part = parts.popleft()
            size = self._room.safe_size(part[0].request.group)
            smaller = _cut(part, size) if len(part) > size else self._call(part)
            parts.extendleft(reversed(smaller))

    def _call(self, jobs: list[Job[ResultT]]) -> list[list[Job[ResultT]]]:
        """Make one call; returns what is still to do, in smaller parts."""
        error = self._attempt(jobs)
        if error is not None and self._faults.is_out_of_memory(error):
            self._faults.free_memory()
            if len(jobs) > 1:
                self._room.shrink(jobs[0].request.group, len(jobs) // 2)
                return [jobs]
            # Alone it gets a second try, in the memory that was just freed.
            error = self._attempt(jobs)
        if error is None:
            return []
        if len(jobs) == 1 or isinstance(error, WHOLE_CALL):
            final = self._verdict(jobs[0].request.group, error)
            _fail(jobs, lambda: final)
            return []
        return _cut(jobs, (len(jobs) + 1) // 2)

    def _verdict(self, group: Group, error: Exception) -> Exception:
        if self._faults.is_out_of_memory(error):
            return DeviceOutOfMemory(working_size=group.side, stage=group.stage)
        return error

    def _attempt(self, jobs: list[Job[ResultT]]) -> Exception | None:
        """Run the call and set its answers, or return its error with its memory let go.

        Raises:
            Exception: The call's own error, if it is fatal to the device.
        """
        group, started = jobs[0].request.group, time.monotonic()
        self._stats = replace(self._stats, running_since=started)
        try:
            results = self._run(group, [job.request for job in jobs])
            pairs = list(zip(jobs, results, strict=True))
        except Exception as error:  # noqa: BLE001 - the batcher thread outlives any bad request
            self._count(jobs, started, failed=1)
            return self._examine(group, len(jobs), error)
        seconds = self._count(jobs, started, failed=0)
        self._room.note_call(group, seconds)
        call = Call(batch_mates=len(jobs) - 1, seconds=round(seconds, 3))
        for job, result in pairs:
            job.future.set_result(Answer(result, call))
        return None

    def _examine(self, group: Group, size: int, error: Exception) -> Exception:
        oom = self._faults.is_out_of_memory(error)
        if not oom and self._faults.is_fatal(error):
            raise error
        # The whole traceback comes out where the future's owner reads its error.
        _log.warning("call failed", stage=group.stage, size=size, reason=_one_line(error))
        # The traceback's frames hold the call's tensors, and with them the device's memory.
        traceback.clear_frames(error.__traceback__)
        return error

    def _count(self, jobs: list[Job[ResultT]], started: float, *, failed: int) -> float:
        """Note a call that has just ended; returns how long it took, in seconds."""
        seconds, size = time.monotonic() - started, len(jobs)
        self._stats = replace(
            self._stats,
            batches=self._stats.batches + 1,
            requests=self._stats.requests + size,
            failed_batches=self._stats.failed_batches + failed,
            busy_seconds=self._stats.busy_seconds + seconds,
            sizes={**self._stats.sizes, size: self._stats.sizes.get(size, 0) + 1},
            running_since=None,
        )
        return seconds


def _start(job: Job[ResultT]) -> bool:
    """Mark a future as running; False if its owner cancelled it before."""
    return job.future.set_running_or_notify_cancel()


def _fail(jobs: Sequence[Job[ResultT]], error: Callable[[], BaseException]) -> None:
    for job in jobs:
        if not job.future.done():
            job.future.set_exception(error())


def _cut(jobs: list[Job[ResultT]], size: int) -> list[list[Job[ResultT]]]:
    return [jobs[start : start + size] for start in range(0, len(jobs), size)]


def _one_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
