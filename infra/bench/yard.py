"""A yard for worker benchmarks: Redis, a late S3 with pictures, a dispatcher, and one child.

The child is `infra.bench.sleeping`: a real worker process whose device only sleeps.
"""

import io
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from infra.bench.latency import late_s3
from infra.demo import services
from infra.demo.catalogue import draw
from producer.parallel import in_parallel
from producer.submission import Submission
from producer.submit import submit
from shared.board import StatusBoard
from shared.dispatch import Dispatcher
from shared.keys import S3Address
from shared.queue import Publisher, celery_app
from shared.s3 import ObjectStore
from shared.settings import Settings, child_environment
from shared.states import ItemState
from worker.supervisor import DISPATCH_SECONDS

MODELS = Path(services.__file__).parent / "models"
#: Width and height of the sources, about 30 kB each, and how many of them differ.
SIZE, DISTINCT, JPEG_QUALITY = (400, 600), 10, 85
#: Working size of a published model.
WORKING_SIZE = 512
#: Threads that put the sources.
STOCKING_THREADS = 32
#: Longest wait for a batch to end.
PATIENCE_SECONDS = 600.0
#: Seconds between two looks at it.
LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Call:
    """One call on the sleeping device."""

    stage: str
    #: Requests in it.
    size: int
    #: By the monotonic clock, which all processes of a host share.
    started: float
    #: How long the device was to be busy.
    seconds: float


@dataclass(frozen=True, slots=True)
class Yard:
    """The servers of a benchmark; a run a namespace."""

    folder: Path
    redis: services.RedisServer
    s3: services.S3Server
    store: ObjectStore

    def stock(self, shelf: str, count: int) -> None:
        """Put so many pictures under a prefix."""
        bodies = [_picture(seed) for seed in range(min(DISTINCT, count))]

        def put(number: int) -> None:
            address = S3Address("bench", f"{shelf}/{number:06d}.jpg")
            self.store.put(address, bodies[number % len(bodies)], content_type="image/jpeg")

        for _ in in_parallel(put, range(count), STOCKING_THREADS):
            pass

    def render(self, shelf: str, name: str, seconds: float, **settings: object) -> list[Call]:
        """Render a shelf with one child whose device takes so many seconds a call.

        Returns:
            The calls, in order.
        """
        mine = Settings.model_validate(
            {"redis_url": SecretStr(self.redis.url), "namespace": name, **settings}
        )
        calls = self.folder / f"{name}.calls"
        with self._child(mine, seconds, calls, settings), _dispatching(mine) as (board, dispatcher):
            request = Submission(
                manifest=f"s3://bench/{shelf}/",
                style=style_file(self.folder),
                output=f"s3://bench/out/{name}/",
                batch_id=name,
            )
            submit(request, board, self.store, cache=self.folder, dispatch=dispatcher.step)
            _await_end(board, name)
        return [_call(line) for line in calls.read_text().splitlines()]

    @contextmanager
    def _child(
        self, mine: Settings, seconds: float, calls: Path, settings: Mapping[str, object]
    ) -> Iterator[None]:
        own = {f"RESTYLE_{name.upper()}": str(value) for name, value in settings.items()}
        own |= {"RESTYLE_REDIS_URL": self.redis.url, "RESTYLE_NAMESPACE": mine.namespace}
        environment = child_environment(self.s3.environment | own, without=("RESTYLE_", "AWS_"))
        command = [sys.executable, "-m", "infra.bench.sleeping", str(seconds), str(calls)]
        with calls.with_suffix(".log").open("wb") as log:
            process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            yield
        finally:
            services.stop(process, seconds=mine.drain_seconds)


@contextmanager
def open_yard(s3_seconds: float) -> Iterator[Yard]:
    """Start the servers; every answer of S3 is so many seconds late."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        redis = stack.enter_context(services.redis_server(folder / "redis"))
        s3 = stack.enter_context(late_s3(folder, s3_seconds))
        os.environ.update(s3.environment)  # noqa: TID251 - leads boto3 to the bench's server
        yield Yard(folder, redis, s3, ObjectStore.connect())


@contextmanager
def _dispatching(settings: Settings) -> Iterator[tuple[StatusBoard, Dispatcher]]:
    """A board and its dispatcher, which steps as a supervisor lets it step."""
    board = StatusBoard.connect(settings)
    dispatcher = Dispatcher(board, Publisher(celery_app(settings)), settings)
    ended = threading.Event()

    def dispatch() -> None:
        while not ended.wait(DISPATCH_SECONDS):
            dispatcher.step()

    thread = threading.Thread(target=dispatch, name="dispatch")
    thread.start()
    try:
        yield board, dispatcher
    finally:
        ended.set()
        thread.join()
        board.close()


def _await_end(board: StatusBoard, name: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        status = board.status(name)
        if status.counts.get(ItemState.DONE, 0) == status.batch.total:
            return
        if status.counts.get(ItemState.FAILED, 0):
            raise SystemExit(f"items failed: {board.items(name, ItemState.FAILED, limit=1)}")
        time.sleep(LOOK_SECONDS)
    raise SystemExit(f"batch {name} did not end in {PATIENCE_SECONDS:.0f} s")


def _picture(seed: int) -> bytes:
    file = io.BytesIO()
    draw(seed, SIZE).image.save(file, "JPEG", quality=JPEG_QUALITY)
    return file.getvalue()


def style_file(folder: Path) -> Path:
    """A style with the demo's models, written into a folder."""
    path = folder / "style.yaml"
    path.write_text(
        f"mask: the dress\npaint: a red dress\nworking_size: {WORKING_SIZE}\n"
        f"segmenter: {MODELS}/clipseg\npainter: {MODELS}/inpaint\n"
    )
    return path


def _call(line: str) -> Call:
    stage, size, started, seconds = line.split()
    return Call(stage, int(size), float(started), float(seconds))
