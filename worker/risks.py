"""Risks: the items on the device or in a decoder, noted where they outlive the process.

Only these can have killed it. The notes lie in memory that the supervisor shares: it reads them
when its child has died, however that was. A note costs a copy of some bytes, no call of the
system, since each of those would let go of Python's lock.
"""

import mmap
import os
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

from shared.jobs import ClaimName
from worker.solitude import Solitude

#: The notes: a first slot for how many calls ended well, then one for each item at risk.
SLOTS, SLOT_BYTES = 1_024, 256
SIZE = SLOTS * SLOT_BYTES
_COUNT_BYTES = 8


class Risks:
    """Notes what is at risk, and keeps suspects apart from all others; safe for threads."""

    def __init__(
        self,
        memory: mmap.mmap | None = None,
        *,
        lasting: Callable[[BaseException], bool] = lambda _: False,
        settle: Callable[[], None] = lambda: None,
    ) -> None:
        """Note nothing yet.

        Args:
            memory: `SIZE` bytes, shared with whoever reads them; by default this process's own.
            lasting: The device's errors that end the process: what was on it stays noted.
            settle: Called before what must be alone, once it is; waits for a bounded time.
        """
        self._memory = memory or mmap.mmap(-1, SIZE)
        self._lasting = lasting
        self._settle = settle
        self._solitude = Solitude()
        self._lock = threading.Lock()
        self._free = list(range(SLOTS - 1, 0, -1))
        self._decoding: dict[ClaimName, float] = {}

    @contextmanager
    def decoding(self, name: ClaimName, *, alone: bool) -> Iterator[None]:
        """Note an item for the time in which its file is decoded.

        Args:
            name: Of its claim.
            alone: Nothing else is decoded, or on the device, meanwhile.
        """
        with self._entered(alone=alone):
            slots = self._note([name])
            self._decoding[name] = time.monotonic()
            try:
                yield
            finally:
                del self._decoding[name]
                self._clear(slots)

    @contextmanager
    def on_device(self, names: Collection[ClaimName], *, alone: bool) -> Iterator[None]:
        """Note the items of a call on the device, which a lost device leaves noted."""
        with self._entered(alone=alone):
            slots = self._note(names)
            try:
                yield
            except BaseException as error:
                if isinstance(error, Exception) and not self._lasting(error):
                    self._clear(slots)
                raise
            self._clear(slots)
            self._count_call()

    @contextmanager
    def _entered(self, *, alone: bool) -> Iterator[None]:
        with self._solitude.entered(alone=alone):
            if alone:
                self._settle()
            yield

    def longest_decoding_seconds(self) -> float:
        """How long the oldest file of those in a decoder is there; 0 where there is none."""
        return time.monotonic() - min(list(self._decoding.values()), default=time.monotonic())

    def _note(self, names: Collection[ClaimName]) -> list[int]:
        with self._lock:
            slots = [self._free.pop() for _ in range(min(len(names), len(self._free)))]
        for slot, name in zip(slots, names, strict=False):
            text = f"{name.batch_id}/{name.number}/{name.fence}".encode()
            start = slot * SLOT_BYTES
            self._memory[start + 1 : start + 1 + len(text)] = text
            # Last: a length says that the text is whole.
            self._memory[start] = len(text)
        return slots

    def _clear(self, slots: list[int]) -> None:
        for slot in slots:
            self._memory[slot * SLOT_BYTES] = 0
        with self._lock:
            self._free += slots

    def _count_call(self) -> None:
        count = int.from_bytes(self._memory[:_COUNT_BYTES], "little") + 1
        self._memory[:_COUNT_BYTES] = count.to_bytes(_COUNT_BYTES, "little")


class Notes:
    """The supervisor's side of a child's risks."""

    def __init__(self) -> None:
        """Make the shared memory; a child gets its `fileno`."""
        self.fileno = os.memfd_create("restyle-risks")
        os.ftruncate(self.fileno, SIZE)

    def suspects(self) -> list[ClaimName]:
        """The items that were at risk when the child died."""
        slots = (self._slot(number) for number in range(1, SLOTS))
        return [_name(slot[1 : 1 + slot[0]]) for slot in slots if slot[0]]

    def calls(self) -> int:
        """How many calls on the device had ended well."""
        return int.from_bytes(self._slot(0)[:_COUNT_BYTES], "little")

    def close(self) -> None:
        """Let the memory go."""
        os.close(self.fileno)

    def _slot(self, number: int) -> bytes:
        return os.pread(self.fileno, SLOT_BYTES, number * SLOT_BYTES)


def shared_memory(fileno: int) -> mmap.mmap:
    """The child's side of `Notes`."""
    return mmap.mmap(fileno, SIZE)


def _name(text: bytes) -> ClaimName:
    batch_id, number, fence = text.decode().rsplit("/", 2)
    return ClaimName(batch_id, int(number), int(fence))
