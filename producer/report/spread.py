"""Spread: a sample that lies evenly over things that come one by one, however many."""

from typing import Generic, TypeVar

Thing = TypeVar("Thing")


class Spread(Generic[Thing]):
    """Keeps every n-th thing, and doubles n whenever twice the sample's size is reached."""

    def __init__(self, size: int) -> None:
        """A sample of at most so many things, 2 at least."""
        self._size = size
        self._stride = 1
        self._seen = 0
        self._kept: list[Thing] = []

    def add(self, thing: Thing) -> None:
        """Look at the next thing."""
        if self._seen % self._stride == 0:
            self._kept.append(thing)
        if len(self._kept) == 2 * self._size:
            self._kept, self._stride = self._kept[::2], 2 * self._stride
        self._seen += 1

    def sample(self) -> list[Thing]:
        """The sample, in the order in which the things came; all of them where they are few."""
        last = len(self._kept) - 1
        if last < self._size:
            return list(self._kept)
        return [self._kept[round(n * last / (self._size - 1))] for n in range(self._size)]
