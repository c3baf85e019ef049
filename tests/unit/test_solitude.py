"""Solitude: together or alone, never both, and nobody waits for ever."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from worker.solitude import Solitude

LIMIT_SECONDS = 20


def test_who_is_alone_is_alone():
    """Many threads come and go: one that wants to be alone meets nobody."""
    place, inside, met, guard = Solitude(), [], [], threading.Lock()

    def visit(number: int) -> None:
        alone = number % 5 == 0
        with place.entered(alone=alone):
            with guard:
                inside.append(alone)
                if any(inside) and len(inside) > 1:
                    met.append(list(inside))
            with guard:
                inside.remove(alone)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(visit, range(2_000)))
    assert met == []


def test_others_are_together():
    """Two who do not mind meet."""
    place, both = Solitude(), threading.Barrier(2)

    def meet(_: int) -> int:
        with place.entered(alone=False):
            return both.wait(LIMIT_SECONDS)

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(meet, range(2))) == [0, 1]


def test_a_stream_of_others_does_not_keep_a_loner_out():
    """From its wish on nobody else enters before it."""
    place, order = Solitude(), []
    first_in, leave = threading.Event(), threading.Event()

    def enter(name: str, *, alone: bool) -> None:
        with place.entered(alone=alone):
            order.append(name)
            if name == "first":
                first_in.set()
                leave.wait(LIMIT_SECONDS)

    threads = [threading.Thread(target=enter, args=("first",), kwargs={"alone": False})]
    threads[0].start()
    assert first_in.wait(LIMIT_SECONDS)
    threads.append(threading.Thread(target=enter, args=("loner",), kwargs={"alone": True}))
    threads[1].start()
    while not place._wishes:
        threads[1].join(0.001)
    threads.append(threading.Thread(target=enter, args=("late",), kwargs={"alone": False}))
    threads[2].start()
    leave.set()
    for thread in threads:
        thread.join(LIMIT_SECONDS)
    assert order == ["first", "loner", "late"]


def test_an_error_inside_lets_the_next_one_in():
    """Whoever was alone and failed is gone."""
    place = Solitude()
    for alone in (True, False, True):
        with pytest.raises(ValueError, match="broken"), place.entered(alone=alone):
            raise ValueError("broken")
    with place.entered(alone=True):
        pass
