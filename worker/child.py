"""The child process of one device: beats for its parent and serves the queue until told to stop.

Started by the supervisor as `python -m worker.child DEVICE OWNER PLACE BEAT_FD NOTES_FD`, already
pinned.
"""

import faulthandler
import os
import signal
import sys
import threading
from collections.abc import Callable

import structlog

from shared.logs import configure_logs
from shared.queue import celery_app, items_screen
from shared.settings import Settings, load_settings
from worker import tasks
from worker.bootstrap import WorkerProcess, build
from worker.devices import Device
from worker.risks import shared_memory

log = structlog.get_logger()

BEAT_SECONDS = 1.0


def main(build: Callable[..., WorkerProcess] = build) -> None:
    """Serve the queue until SIGTERM.

    Args:
        build: Makes the process, as `worker.bootstrap.build`.
    """
    device, owner = Device(sys.argv[1]), sys.argv[2]
    place, beat_fd, notes_fd = (int(word) for word in sys.argv[3:6])
    # A crash in native code, and the supervisor's SIGABRT, leave the stacks of all threads.
    faulthandler.enable()
    settings = load_settings()
    configure_logs(settings)
    threading.Thread(target=_beat, args=(beat_fd,), name="beat", daemon=True).start()
    notes = shared_memory(notes_fd)
    serve(build(device, owner, settings, place=place, notes=notes), settings)


def serve(process: WorkerProcess, settings: Settings) -> None:
    """Take messages from the queue until SIGTERM has drained the process."""
    app = celery_app(settings, items_screen(settings, process.dead_letters.put))
    tasks.install(app, process)
    process.start()
    try:
        app.worker_main(_arguments(settings, process.owner))
    finally:
        process.close()


def _arguments(settings: Settings, owner: str) -> list[str]:
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    size = ["--pool", "threads", "--concurrency", str(settings.threads)]
    return [
        "--quiet",
        "worker",
        *size,
        *quiet,
        "--hostname",
        f"restyle@{owner}",
        "--loglevel",
        "WARNING",
    ]


def _beat(beat_fd: int) -> None:
    """Beat once a second; a closed pipe means that the parent is dead, and we drain."""
    rest = threading.Event()
    while True:
        try:
            os.write(beat_fd, b".")
        except BrokenPipeError:
            log.error("the supervisor is gone; draining")
            os.kill(os.getpid(), signal.SIGTERM)
            return
        rest.wait(BEAT_SECONDS)


if __name__ == "__main__":
    main()
