"""Solitude: some must be alone where others may be together; nobody waits for ever."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Solitude:
    """A place for many at a time, or for a single one who asked to be alone.

    While somebody waits to be alone nobody else enters, so that the wait ends.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside = 0
        self._alone = False
        self._wishes = 0

    @contextmanager
    def entered(self, *, alone: bool) -> Iterator[None]:
        """Be inside for the time of the block; waits until that may be."""
        with self._changed:
            self._wishes += alone
            try:
                self._changed.wait_for(lambda: self._may_enter(alone=alone))
            finally:
                self._wishes -= alone
            self._inside, self._alone = self._inside + 1, alone
        try:
            yield
        finally:
            with self._changed:
                self._inside, self._alone = self._inside - 1, False
                self._changed.notify_all()

    def _may_enter(self, *, alone: bool) -> bool:
        if alone:
            return not self._inside
        return not self._alone and not self._wishes
