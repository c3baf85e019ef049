"""The watchdog: ends a process whose device hangs; no other thread could.

`faulthandler` waits in C without the GIL, so a call that never returns and holds the GIL ends
too, with every thread's stack on stderr.
"""

import faulthandler
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def watched(call: Callable[P, R], seconds: float) -> Callable[P, R]:
    """The call, under a watchdog: a process in which it takes longer ends at once, status 1.

    The supervisor starts a new process and puts the items back. One watchdog per process: only
    the device thread may use it.
    """

    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        faulthandler.dump_traceback_later(seconds, exit=True)
        try:
            return call(*args, **kwargs)
        finally:
            faulthandler.cancel_dump_traceback_later()

    return guarded
