"""The watchdog ends what hangs, and only that."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.watchdog import LEAST_SECONDS, LONGER, LONGER_THAN_FIRST, Patience, watched

#: A call that holds the GIL: no thread of Python's own could end it.
HOLDS_THE_GIL = "import ctypes; hang = lambda: ctypes.PyDLL(None).sleep(60)"
RESTS = "import time; hang = lambda: time.sleep(60)"
MOST = 1_800.0
lengths = st.lists(st.floats(0, 10_000), min_size=1, max_size=8)


@pytest.mark.parametrize("hang", [HOLDS_THE_GIL, RESTS])
def test_a_hung_call_ends_the_process_with_its_stack(hang):
    """Also where the call holds the GIL; the stack on stderr names the call."""
    program = (
        f"{hang}\nfrom worker.watchdog import Patience, watched\n"
        "watched(hang, Patience(0.3), lambda: 'kind')()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=50, check=False
    )
    assert done.returncode == 1
    assert "Timeout" in done.stderr
    assert "guarded" in done.stderr


def test_a_call_that_returns_or_raises_is_left_alone():
    """Nothing is armed any more once the call is over."""
    patience = Patience(0.2)
    assert watched(lambda left, right: left + right, patience, lambda *_: "sum")(1, 2) == 3
    with pytest.raises(ZeroDivisionError):
        watched(lambda: 1 // 0, patience, lambda: "quotient")()


def test_a_call_that_raises_says_nothing_of_lengths():
    """An out-of-memory error comes quickly; the call that works takes its time."""
    patience = Patience(MOST)
    with pytest.raises(ZeroDivisionError):
        watched(lambda: 1 // 0, patience, lambda: "kind")()
    assert patience.limit_seconds("kind") == MOST


@given(lengths)
def test_the_limit_follows_the_calls_before(calls):
    """The first has all the time; later ones some times the longest, never less than a minute."""
    patience = Patience(MOST)
    assert patience.limit_seconds("kind") == MOST
    for seconds in calls:
        patience.note("kind", seconds)
    first, *later = calls
    usual = max(LONGER_THAN_FIRST * first, LONGER * max(later, default=0))
    assert patience.limit_seconds("kind") == min(MOST, max(LEAST_SECONDS, usual))


def test_kinds_do_not_know_each_other():
    """A quick kind does not hurry the first call of another."""
    patience = Patience(MOST)
    patience.note("quick", 0.1)
    assert patience.limit_seconds("quick") == LEAST_SECONDS
    assert patience.limit_seconds("other") == MOST
