"""Rounds: one thing, done at once and then again and again from a thread of its own."""

import threading
from collections.abc import Callable

import structlog

from shared.errors import BoardError

log = structlog.get_logger()


class Rounds:
    """Repeats a call until closed; whatever it raises costs that one round."""

    def __init__(self, name: str, seconds: float, call: Callable[[], None]) -> None:
        """Call nothing yet; `seconds` lie between the end of a call and the next."""
        self._name = name
        self._seconds = seconds
        self._call = call
        self._closed = False
        self._hurry = threading.Event()
        self._thread = threading.Thread(target=self._go_round, name=name, daemon=True)

    def start(self) -> None:
        """Call at once, and then again and again."""
        self._thread.start()

    def soon(self) -> None:
        """Call once more without waiting."""
        self._hurry.set()

    def close(self) -> None:
        """Call no more; a call that runs comes to its end."""
        self._closed = True
        self._hurry.set()
        self._thread.join()

    def _go_round(self) -> None:
        while not self._closed:
            self._hurry.clear()
            try:
                self._call()
            except BoardError as error:
                log.debug("round left out", round=self._name, **error.report())
            except Exception:
                log.exception("round left out", round=self._name)
            self._hurry.wait(self._seconds)
