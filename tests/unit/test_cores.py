"""Cores: no more threads work on pixels than there are CPUs."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest

from shared.jobs import LANES
from worker.cores import Cores

THREADS, TURNS = 8, 25


def _most_at_once(cores: Cores) -> int:
    """The largest number of threads that were inside at a time."""
    inside, most, guard = 0, 0, threading.Lock()

    def turn(number: int) -> None:
        nonlocal inside, most
        with cores.held(LANES[number % len(LANES)]):
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
        with pytest.raises(ValueError, match="broken"), cores.held("standard"):
            raise ValueError("broken")
    assert _most_at_once(cores) == 1


@contextmanager
def _freed(cores: Cores, count: int, turn: Callable[[str], None]) -> Iterator[None]:
    """All cores were just freed, which two threads waited for; at its end both have ended."""
    threads = [threading.Thread(target=turn, args=(lane,)) for lane in ("standard", "urgent")]
    with ExitStack() as held:
        for _ in range(count):
            held.enter_context(cores.held("bulk"))
        for thread in threads:
            thread.start()
        while not (cores._for_others._waiters and cores._for_urgent._waiters):
            pass
    yield
    for thread in threads:
        thread.join(10)


def test_an_urgent_item_gets_the_next_free_core():
    """Before whoever waits, and before whoever comes as the core is freed."""
    cores, order = Cores(1), []

    def turn(lane: str) -> None:
        with cores.held(lane):
            order.append(lane)

    with _freed(cores, 1, turn):
        turn("bulk")
    assert order[0] == "urgent"
    assert sorted(order) == ["bulk", "standard", "urgent"]


def test_two_cores_freed_together_serve_an_urgent_item_and_another():
    """Who had to stand back gets the second one at once, not when the urgent item has done."""
    cores, both, met = Cores(2), threading.Barrier(2), []

    def turn(lane: str) -> None:
        with cores.held(lane):
            both.wait(5)
            met.append(lane)

    with _freed(cores, 2, turn):
        pass
    assert sorted(met) == ["standard", "urgent"]
