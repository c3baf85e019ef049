"""Connections to the back office: who neither speaks nor listens is cut, on a real port."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvicorn

from producer.backoffice.connection import Connection

#: Far more than the buffers of two sockets hold, in bytes.
LARGE = 32_000_000
#: What never happens in this time, in seconds, never will.
PATIENCE_SECONDS = 20
HEAD = b"GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"


class NeverListened(Connection):
    """A connection without patience for whoever takes nothing."""

    stall_seconds = 0.2


class NeverSpoken(Connection):
    """A connection without patience for a head."""

    head_seconds = 0.3


class Large:
    """An app with one large answer, that it thinks about for a while."""

    def __init__(self) -> None:
        self.ended = threading.Event()

    async def __call__(self, scope, receive, send):
        """Answer."""
        await asyncio.sleep(2 * NeverSpoken.head_seconds)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(LARGE // 1_000_000):
            await send({"type": "http.response.body", "body": bytes(1_000_000), "more_body": True})
        await send({"type": "http.response.body", "body": b""})
        self.ended.set()


@contextmanager
def served(app, connection) -> Iterator[tuple[str, int]]:
    """Where an app is served by a kind of connection."""
    config = uvicorn.Config(app, http=connection, log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield listener.getsockname()
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def connected(place) -> Iterator[socket.socket]:
    """A connection, whose ends of data are awaited for a while."""
    with socket.create_connection(place, PATIENCE_SECONDS) as connection:
        yield connection


def rest_of(connection: socket.socket) -> int:
    """The bytes that come until the other side closes."""
    total = 0
    try:
        while chunk := connection.recv(1 << 20):
            total += len(chunk)
    except ConnectionResetError:
        pass
    return total


@pytest.mark.parametrize("begun", [b"", HEAD[:20]], ids=["nothing", "half"])
def test_whoever_sends_no_whole_head_is_cut(begun):
    """Nobody has signed in by then, and each such connection is one that others lack."""
    with served(Large(), NeverSpoken) as place, connected(place) as connection:
        connection.sendall(begun)
        assert rest_of(connection) == 0


def test_whoever_takes_nothing_of_an_answer_is_cut():
    """What is left of it is held for nobody."""
    app = Large()
    with served(app, NeverListened) as place, connected(place) as connection:
        connection.sendall(HEAD)
        assert app.ended.wait(PATIENCE_SECONDS)
        assert rest_of(connection) < LARGE


def test_whoever_takes_an_answer_gets_all_of_it():
    """The head's time is over when the head is there."""
    with served(Large(), NeverSpoken) as place, connected(place) as connection:
        connection.sendall(HEAD)
        assert rest_of(connection) > LARGE
