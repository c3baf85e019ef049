"""The watchdog ends what hangs, and only that."""

import subprocess
import sys

import pytest

from worker.watchdog import watched

#: A call that holds the GIL: no thread of Python's own could end it.
HOLDS_THE_GIL = "import ctypes; hang = lambda: ctypes.PyDLL(None).sleep(60)"
RESTS = "import time; hang = lambda: time.sleep(60)"


@pytest.mark.parametrize("hang", [HOLDS_THE_GIL, RESTS])
def test_a_hung_call_ends_the_process_with_its_stack(hang):
    """Also where the call holds the GIL; the stack on stderr names the call."""
    program = f"{hang}\nfrom worker.watchdog import watched\nwatched(hang, 0.3)()"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=50, check=False
    )
    assert done.returncode == 1
    assert "Timeout" in done.stderr
    assert "guarded" in done.stderr


def test_a_call_that_returns_or_raises_is_left_alone():
    """Nothing is armed any more once the call is over."""
    assert watched(lambda left, right: left + right, 0.2)(1, 2) == 3
    with pytest.raises(ZeroDivisionError):
        watched(lambda: 1 // 0, 0.2)()
