"""Cores: no more threads work on pixels than there are CPUs."""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from worker.cores import Cores

THREADS, TURNS = 8, 25


def _most_at_once(cores: Cores) -> int:
    """The largest number of threads that were inside at a time."""
    inside, most, guard = 0, 0, threading.Lock()

    def turn(_: int) -> None:
        nonlocal inside, most
        with cores:
            with guard:
                inside += 1
                most = max(most, inside)
            time.sleep(0.001)
            with guard:
                inside -= 1

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(turn, range(THREADS * TURNS)))
    return most


@pytest.mark.parametrize("count", [1, 3])
def test_no_more_threads_work_than_there_are_cores(count):
    """However many want to."""
    assert _most_at_once(Cores(count)) == count


def test_all_usable_cpus_count_by_default():
    """What the process is pinned to, not what the machine has."""
    usable = len(os.sched_getaffinity(0))
    assert _most_at_once(Cores()) == min(usable, THREADS)


def test_an_error_gives_the_core_back():
    """A picture that cannot be decoded costs no core."""
    cores = Cores(1)
    for _ in range(3):
        with pytest.raises(ValueError, match="broken"), cores:
            raise ValueError("broken")
    assert _most_at_once(cores) == 1
