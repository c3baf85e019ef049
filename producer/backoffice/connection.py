"""Connection: one that speaks and listens in time, or is cut; else silent ones shut others out."""

import asyncio
from collections.abc import Callable
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

#: A request's head arrives within this time, in seconds.
HEAD_SECONDS = 10.0
#: Whoever takes nothing of an answer for so long, in seconds, gets no more of it.
STALL_SECONDS = 30.0


class Connection(H11Protocol):
    """The library's connection, with a time for each head and for whoever takes an answer."""

    head_seconds = HEAD_SECONDS
    stall_seconds = STALL_SECONDS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head_timer, self._stall_timer = _Timer(self.loop), _Timer(self.loop)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first head."""
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Take bytes; those of a head that is not whole yet gain no time."""
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._await_head()
        else:
            self._head_timer.stop()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._head_timer.stop()
        self._stall_timer.stop()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Look after a while whether anything was taken."""
        super().pause_writing()
        self._await_reader()

    def resume_writing(self) -> None:
        """The answer is taken, or nearly so."""
        super().resume_writing()
        self._stall_timer.stop()
        self._await_rest()

    def on_response_complete(self) -> None:
        """The answer is written, though perhaps not taken."""
        super().on_response_complete()
        self._await_rest()

    def timeout_keep_alive_handler(self) -> None:
        """Close what nobody uses."""
        super().timeout_keep_alive_handler()
        self._await_rest()

    def _await_rest(self) -> None:
        """Closing waits for whoever takes what is left: not longer than for an answer."""
        has_rest = self.transport.is_closing() and self.transport.get_write_buffer_size()
        if has_rest and not self._stall_timer.runs:
            self._await_reader()

    def _await_head(self) -> None:
        if not self._head_timer.runs:
            self._head_timer.start(self.head_seconds, self.transport.abort)

    def _await_reader(self) -> None:
        left = self.transport.get_write_buffer_size()
        self._stall_timer.start(self.stall_seconds, self._look_at_reader, left)

    def _look_at_reader(self, left: int) -> None:
        if self.transport.get_write_buffer_size() >= left:
            self.transport.abort()
        else:
            self._await_reader()


class _Timer:
    """Calls something once, unless it is stopped before."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._handle: asyncio.TimerHandle | None = None

    @property
    def runs(self) -> bool:
        """Whether it was started, and not stopped."""
        return self._handle is not None

    def start(self, seconds: float, call: Callable[..., object], *arguments: Any) -> None:
        """Begin; what ran before is stopped."""
        self.stop()
        self._handle = self._loop.call_later(seconds, call, *arguments)

    def stop(self) -> None:
        """End without a call."""
        if self._handle is not None:
            self._handle.cancel()
        self._handle = None
