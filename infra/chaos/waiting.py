"""Waiting for a condition, as everything in a chaos run does that waits."""

import time
from collections.abc import Callable

#: Between two looks, in seconds.
LOOK_SECONDS = 0.03


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Look again and again; False when the time is over first."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(LOOK_SECONDS)
    return True
