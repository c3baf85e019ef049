"""A mapping that keeps what was used last; torch-free."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

KeyT = TypeVar("KeyT", bound=Hashable)
ValueT = TypeVar("ValueT")


class Recent(Generic[KeyT, ValueT]):
    """At most `capacity` values, made on demand; the longest unused leaves first.

    Unlike `functools.lru_cache` it makes room *before* a value is made (device memory holds only
    so many models), and can let all go but the latest. One thread uses it.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._values: OrderedDict[KeyT, ValueT] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, key: KeyT) -> bool:
        return key in self._values

    def get(self, key: KeyT, make: Callable[[KeyT], ValueT]) -> ValueT:
        """The key's value, made now if it is not there."""
        if key not in self._values:
            self.keep(self._capacity - 1)
            self._values[key] = make(key)
        self._values.move_to_end(key)
        return self._values[key]

    def find(self, key: KeyT) -> ValueT | None:
        """The key's value, used just now, or None if it is not there."""
        if key in self._values:
            self._values.move_to_end(key)
        return self._values.get(key)

    def put(self, key: KeyT, value: ValueT) -> None:
        """Keep a value that was made already, as the one used last."""
        self.get(key, lambda _: value)

    def keep(self, count: int) -> None:
        """Let go of all but the `count` values that were used last."""
        while len(self._values) > max(0, count):
            self._values.popitem(last=False)
