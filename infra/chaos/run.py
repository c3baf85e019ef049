"""Run: submit, render and hurt, all at once; then wait for the end and stop everything."""

import random
import signal
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from infra.chaos.catalogue import Shelf
from infra.chaos.faults import FAULTS
from infra.chaos.faulty_s3 import SHARE
from infra.chaos.scene import Scene
from infra.chaos.schedule import Planned
from infra.chaos.waiting import wait_until
from producer.submit import submit
from shared.dispatch import Dispatcher
from shared.errors import RestyleError
from shared.s3 import ObjectStore

#: Between two looks at programs and schedule, in seconds.
STEP_SECONDS = 0.1
#: Before a program that has ended is started again, at least and at most.
PAUSE_SECONDS = (0.2, 1.0)
#: Before a submission that failed is repeated.
REPEAT_SECONDS = 0.5
#: Longest wait for all batches to end once nothing is done to them any more.
PATIENCE_SECONDS = 180.0
#: Longest wait for the last process to end.
END_SECONDS = 20.0

Say = Callable[[float, str], None]


@dataclass
class Run:
    """One run of a scene."""

    scene: Scene
    shelves: Sequence[Shelf]
    planned: Sequence[Planned]
    #: Faults are done, and batches submitted, up to this time.
    seconds: float
    say: Say
    #: Faults that were done, by name.
    done: Counter[str] = field(default_factory=Counter)
    #: Batches that did not end in time.
    late: list[str] = field(default_factory=list)
    #: Of the whole, in seconds.
    took: float = 0.0

    def __post_init__(self) -> None:
        self._started = time.monotonic()
        self._rng = random.Random("pauses")
        self._threads: list[threading.Thread] = []

    def go(self, *, s3_faults: bool) -> None:
        """All of it, to the last process's end."""
        self.scene.s3.share = SHARE if s3_faults else 0.0
        self._begin(self._submit_all)
        planned = deque(self.planned)
        while self._now() < self.seconds:
            while planned and planned[0].at <= self._now():
                self._do(planned.popleft())
            self._tend()
        self.scene.s3.share = 0.0
        self.say(self._now(), "no more faults; waiting for the batches to end")
        self._await_end()
        self.took = self._now()
        self._stop()

    def _now(self) -> float:
        return time.monotonic() - self._started

    def _do(self, planned: Planned) -> None:
        self.say(self._now(), planned.fault)
        self.done[planned.fault] += 1
        rng = random.Random(planned.seed)
        self._begin(lambda: FAULTS[planned.fault](self.scene, rng))

    def _begin(self, act: Callable[[], None]) -> None:
        thread = threading.Thread(target=act, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _tend(self) -> None:
        for program in self.scene.programs:
            program.tend(self.scene.environment, self._rng.uniform(*PAUSE_SECONDS))
        time.sleep(STEP_SECONDS)

    def _submit_all(self) -> None:
        """Submit one shelf after the other, spread over the time of the faults."""
        for place, shelf in enumerate(self.shelves):
            due = self.seconds * place / len(self.shelves)
            time.sleep(max(0.0, due - self._now()))
            while not self._is_submitted(shelf):
                time.sleep(REPEAT_SECONDS)
            self.scene.batches.append(shelf.name)

    def _is_submitted(self, shelf: Shelf) -> bool:
        scene = self.scene
        dispatcher = Dispatcher(scene.board, scene.publisher, scene.settings)
        folder = scene.orders.folder
        try:
            submit(
                shelf.request(folder),
                scene.board,
                ObjectStore.connect(),
                dispatch=dispatcher.step,
                cache=folder,
            )
        except RestyleError as error:
            self.say(self._now(), f"submission of {shelf.name} is repeated: {error.code}")
            return False
        return True

    def _await_end(self) -> None:
        deadline = self._now() + PATIENCE_SECONDS
        while self._now() < deadline and not self._is_over():
            self._tend()
        self.late = [shelf.name for shelf in self.shelves if not self._has_ended(shelf.name)]

    def _is_over(self) -> bool:
        threads = any(thread.is_alive() for thread in self._threads)
        return not threads and all(self._has_ended(shelf.name) for shelf in self.shelves)

    def _has_ended(self, batch_id: str) -> bool:
        try:
            return self.scene.board.status(batch_id).ended_at is not None
        except RestyleError:
            return False  # not there yet, or Redis is away

    def _stop(self) -> None:
        """Drain everything, orphans too."""
        for program in self.scene.programs:
            program.send(signal.SIGTERM)
        for program in self.scene.programs:
            program.stop()
        wait_until(lambda: not self.scene.processes(), END_SECONDS)
