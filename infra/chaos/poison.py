"""Poison: what an item of a chaos run does to the device that paints it, told by its prompt.

A prompt is the item's name, and for poison a second word: `sku-0017 kill`.
"""

import ctypes
import os
import signal
import time
from collections.abc import Callable, Mapping

#: Longer than any watchdog of a run.
HANG_SECONDS = 3600


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _crash() -> None:
    """As a segmentation fault ends a process, without its core dump."""
    os._exit(128 + signal.SIGSEGV)


def _hang() -> None:
    time.sleep(HANG_SECONDS)


def _hang_locked() -> None:
    """Keep Python's lock, as a native call that never returns does."""
    ctypes.PyDLL(None).sleep(HANG_SECONDS)


def _never_fits() -> None:
    msg = "CUDA out of memory (injected: this item never fits)"
    raise RuntimeError(msg)


#: What the second word of a prompt does.
POISON: Mapping[str, Callable[[], None]] = {
    "kill": _kill,
    "crash": _crash,
    "hang": _hang,
    "hang-locked": _hang_locked,
    "never-fits": _never_fits,
}
#: The code that such an item must fail with.
CODES: Mapping[str, str] = dict.fromkeys(POISON, "poison") | {"never-fits": "device_out_of_memory"}
