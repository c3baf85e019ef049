"""The supervisor: one child process per device; restarts the dead, drains on SIGTERM.

It never imports torch: a parent that touched CUDA could not pin its children.
"""

import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from types import FrameType

import structlog

from shared.board import StatusBoard
from shared.dispatch import Dispatcher
from shared.errors import BoardError, RestyleError
from shared.jobs import ClaimName
from shared.settings import Settings, cache_path, child_environment
from worker.devices import Device
from worker.insisting import insist
from worker.memory import ALLOCATOR
from worker.risks import Notes

log = structlog.get_logger()

#: Seconds between two looks at the children.
LOOK_SECONDS = 0.2
#: Seconds between two steps of the dispatcher.
DISPATCH_SECONDS = 0.25
#: A child that is silent for this long is ended; loading a large model may take a while.
SILENCE_SECONDS = 120.0
#: Back-off after a child died: first, doubled up to the longest, forgotten once a call succeeded.
FIRST_BACKOFF_SECONDS = 0.5
LONGEST_BACKOFF_SECONDS = 60.0
#: A silent child gets this long to write its threads' stacks.
STACKS_SECONDS = 3.0
#: The claims of a dead child are ended for good after their lease.
FUNERAL_LEASES = 1.0
#: The child's program, as Python's own arguments; what it is to do follows them.
CHILD = ("-m", "worker.child")
#: Beyond the drain's own deadline a child gets this long before SIGKILL.
GRACE_SECONDS = 5.0


@dataclass
class Child:
    """One device's process, as its parent sees it."""

    device: Device
    #: The device's among all of this supervisor, from 0.
    place: int = 0
    process: subprocess.Popen[bytes] | None = None
    owner: str = ""
    #: Reading end of the pipe on which the child beats once a second.
    beats: int = -1
    #: What it has at risk.
    notes: Notes | None = None
    last_beat: float = 0.0
    restart_at: float = 0.0
    backoff_seconds: float = field(default=FIRST_BACKOFF_SECONDS)

    def hears(self, now: float) -> float:
        """Seconds since the last beat."""
        while select.select([self.beats], [], [], 0)[0] and os.read(self.beats, 4096):
            self.last_beat = now
        return now - self.last_beat


class Supervisor:
    """Owns the children of one host."""

    def __init__(
        self,
        devices: Sequence[Device],
        settings: Settings,
        board: StatusBoard,
        dispatcher: Dispatcher,
        child: Sequence[str] = CHILD,
    ) -> None:
        self._settings = settings
        self._board = board
        self._dispatcher = dispatcher
        self._program = (sys.executable, *child)
        self._children = [Child(device, place) for place, device in enumerate(devices)]
        self._stopping = threading.Event()
        #: Signals so far: one drains, two hurry. A plain number: taking the lock of an Event in a
        #: signal handler could wait for the very thread that it interrupted.
        self._signals = 0
        self._releases: list[threading.Thread] = []

    def run(self) -> int:
        """Run until SIGTERM or SIGINT; a second one makes the children leave at once.

        Returns:
            Exit status: 0 after a drain in which no child had to be killed.
        """
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, self._on_signal)
        dispatching = threading.Thread(target=self._dispatch_for_ever, name="dispatch", daemon=True)
        dispatching.start()
        while not self._signals:
            for child in self._children:
                self._look_after(child)
            time.sleep(LOOK_SECONDS)
        self._stopping.set()
        clean = self._drain()
        for thread in (*self._releases, dispatching):
            thread.join(GRACE_SECONDS)
        return 0 if clean else 1

    def _on_signal(self, _signum: int, _frame: FrameType | None) -> None:
        self._signals += 1

    def _dispatch_for_ever(self) -> None:
        """Keep messages ahead of the workers; a Redis that is away is waited for."""
        away = False
        while not self._stopping.wait(DISPATCH_SECONDS):
            try:
                self._dispatcher.step()
            except BoardError as error:
                if not away:
                    log.warning("dispatcher waits for Redis", **error.report())
                away = True
            except Exception:
                log.exception("dispatcher stumbled")
            else:
                if away:
                    log.info("dispatcher goes on")
                away = False

    def _look_after(self, child: Child) -> None:
        now = time.monotonic()
        if child.process is None:
            if now >= child.restart_at:
                self._start(child)
            return
        silent_seconds = child.hears(now)
        if child.process.poll() is None and silent_seconds > SILENCE_SECONDS:
            log.error("child is silent; ending it", device=child.device.name)
            _end(child.process)
        if child.process.poll() is not None:
            self._bury(child)

    def _start(self, child: Child) -> None:
        """Spawn the child, pinned by its environment before it can touch the device."""
        child.owner = f"{socket.gethostname()}/{child.device.name}/{uuid.uuid4().hex[:8]}"
        child.beats, beating = os.pipe()
        child.notes = Notes()
        arguments = [child.device.name, child.owner, str(child.place), str(beating)]
        arguments.append(str(child.notes.fileno))
        child.process = subprocess.Popen(  # noqa: S603 - our own interpreter and arguments
            [*self._program, *arguments],
            env=environment_of(child.device),
            pass_fds=[beating, child.notes.fileno],
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # a Ctrl-C reaches us alone, and we drain in order
        )
        os.close(beating)
        child.last_beat = time.monotonic()
        log.info("child started", device=child.device.name, pid=child.process.pid)

    def _bury(self, child: Child) -> None:
        """Put back what a dead child had claimed, and plan its successor."""
        status = child.process.returncode if child.process else None
        suspects = child.notes.suspects() if child.notes else []
        worked = child.notes is not None and child.notes.calls() > 0
        names = [f"{name.batch_id}/{name.number}" for name in suspects]
        log.error("child died", device=child.device.name, status=status, suspects=names)
        self._release(child, suspects)
        if worked:
            # It was no faulty start; what it died of is in its suspects' records.
            child.backoff_seconds = FIRST_BACKOFF_SECONDS
        child.restart_at = time.monotonic() + child.backoff_seconds
        child.backoff_seconds = min(child.backoff_seconds * 2, LONGEST_BACKOFF_SECONDS)

    def _release(self, child: Child, suspects: Sequence[ClaimName] = ()) -> None:
        """Put back what a child had claimed, beside us: a Redis that is away must not hold us."""
        os.close(child.beats)
        if child.notes:
            child.notes.close()
        child.process, child.notes = None, None
        funeral = partial(self._put_back, child.owner, suspects)
        release = threading.Thread(target=funeral, name="release", daemon=True)
        release.start()
        self._releases = [other for other in self._releases if other.is_alive()] + [release]

    def _put_back(self, owner: str, suspects: Sequence[ClaimName]) -> None:
        def bury() -> None:
            buried = self._board.bury(owner, suspects, self._settings.max_strikes)
            log.info("claims put back", **buried._asdict())

        try:
            insist(bury, FUNERAL_LEASES * self._settings.lease_seconds)
            self._board.forget_worker(owner)
        except RestyleError as error:
            # Their leases end by themselves, and any dispatcher puts the items back.
            log.warning("claims of a dead child left to their leases", **error.report())

    def _drain(self) -> bool:
        """SIGTERM to all, then wait; SIGKILL past the deadline."""
        log.info("draining", children=len(self._children))
        living = [child for child in self._children if child.process is not None]
        for child in living:
            self._signal(child, signal.SIGTERM)
        deadline = time.monotonic() + self._settings.drain_seconds + GRACE_SECONDS
        in_time = [self._await_end(child, deadline) for child in living]
        clean = all(in_time)
        log.info("drained", clean=clean)
        return clean

    def _await_end(self, child: Child, deadline: float) -> bool:
        process = child.process
        if process is None:
            return True
        while process.poll() is None and time.monotonic() < deadline and self._signals < 2:
            time.sleep(LOOK_SECONDS / 4)
        in_time = process.poll() is not None
        if not in_time:
            process.kill()
            process.wait()
        self._release(child)
        return in_time

    def _signal(self, child: Child, signum: signal.Signals) -> None:
        if child.process is not None and child.process.poll() is None:
            child.process.send_signal(signum)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process that does not answer, with its threads' stacks in the log if it can."""
    process.send_signal(signal.SIGABRT)
    try:
        process.wait(STACKS_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def environment_of(device: Device) -> dict[str, str]:
    """The environment of a device's process: ours, pinned, with a default or two."""
    return ALLOCATOR | _compiled() | child_environment(device.environment)


def _compiled() -> dict[str, str]:
    """Where torch keeps what it compiled; by default that is lost with /tmp."""
    folder = cache_path() / "inductor"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        # Torch makes it as it is imported: the child would die of it, again and again.
        log.warning("no place for what is compiled", path=str(folder), reason=str(error))
        return {}
    return {"TORCHINDUCTOR_CACHE_DIR": str(folder)}
