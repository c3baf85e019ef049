"""Clients of the back office's app, as the tests make them."""

from starlette.testclient import TestClient
from starlette.types import ASGIApp

#: Where the tests find an app that this host alone reaches.
AT_HOME = "http://127.0.0.1:8787"


def client_of(app: ASGIApp, url: str = AT_HOME, address: str = "127.0.0.1") -> TestClient:
    """A client of an app, that asks for it under a URL and from an address."""
    return TestClient(app, url, raise_server_exceptions=False, client=(address, 50_000))
