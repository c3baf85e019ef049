"""Parallel: the same for many things, in threads, in bounded memory."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Thing = TypeVar("Thing")
Made = TypeVar("Made")

#: Things under way for each thread: some wait, so that no thread does.
AHEAD = 4


def in_parallel(
    make: Callable[[Thing], Made], things: Iterable[Thing], threads: int
) -> Iterator[Made]:
    """What is made of each thing, in the order of the things.

    Things are taken as they are needed, a few ahead, so that there may be a million of them.
    """
    pool, under_way = ThreadPoolExecutor(threads), deque[Future[Made]]()
    try:
        for thing in things:
            under_way.append(pool.submit(make, thing))
            if len(under_way) >= AHEAD * threads:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)  # after a fault or Ctrl-C nobody wants the rest
