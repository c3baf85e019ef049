"""The processes of a run: programs that are kept running, and a look at what runs on this host."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from infra.demo import services

PROC = Path("/proc")
#: Longest wait for a process to end that was told to.
END_SECONDS = 20.0


class Running(NamedTuple):
    """A process of this host."""

    pid: int
    #: Whether it was stopped by a signal.
    is_stopped: bool
    arguments: Sequence[str]

    def send(self, signum: signal.Signals) -> None:
        """Signal it; one that has just ended needs none."""
        try:
            os.kill(self.pid, signum)
        except ProcessLookupError:
            return


def running(word: str) -> list[Running]:
    """The processes whose arguments hold a word, zombies left out."""
    entries = (entry for entry in PROC.iterdir() if entry.name.isdigit())
    found = (_look(entry) for entry in entries)
    return [process for process in found if process and word in process.arguments]


def _look(entry: Path) -> Running | None:
    try:
        arguments = (entry / "cmdline").read_text().rstrip("\0").split("\0")
        # After the name, which may hold anything.
        state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return None
    return Running(int(entry.name), state == "T", arguments)


class Program:
    """A program that is started again whenever it has ended, as systemd would."""

    def __init__(self, name: str, arguments: Sequence[str], log: Path) -> None:
        self.name = name
        #: How often it was started.
        self.starts = 0
        self._command = [sys.executable, "-m", *arguments]
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._start_at = 0.0

    def tend(self, environment: Mapping[str, str], pause_seconds: float) -> None:
        """Start it if it is due; one that has just ended is due after a pause."""
        now = time.monotonic()
        if self._process and self._process.poll() is not None:
            self._process, self._start_at = None, now + pause_seconds
        if self._process is None and now >= self._start_at:
            with self._log.open("ab") as log:
                self._process = subprocess.Popen(
                    self._command,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            self.starts += 1

    def send(self, signum: signal.Signals) -> None:
        """Signal it, if it runs."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(signum)

    def stop(self) -> None:
        """End it for good."""
        if self._process:
            services.stop(self._process, seconds=END_SECONDS)
