"""The server of a process's metrics: one registry, one port, one thread."""

import threading
from collections.abc import Sequence
from wsgiref.simple_server import WSGIServer

import structlog
from prometheus_client import CollectorRegistry, ProcessCollector, start_http_server
from prometheus_client.registry import Collector

#: No port: metrics are not served.
OFF = 0

log = structlog.get_logger()


class MetricsServer:
    """Serves collectors, and the process's own memory and processor time, at `/metrics`."""

    def __init__(self, collectors: Sequence[Collector], *, host: str, port: int) -> None:
        """Serve nothing yet; the registry is this server's own, and nothing is global."""
        self._host, self._port = host, port
        self._serving: tuple[WSGIServer, threading.Thread] | None = None
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        for collector in collectors:
            self._registry.register(collector)

    def start(self) -> None:
        """Serve until closed; a port that cannot be had costs the metrics, not the process."""
        if self._port == OFF:
            return
        try:
            self._serving = start_http_server(self._port, self._host, self._registry)
        except OSError as error:
            hint = "free the port, or set another one, and start again; all else goes on"
            where = {"host": self._host, "port": self._port}
            log.warning("metrics are not served", **where, reason=error.strerror, hint=hint)
        else:
            log.info("metrics are served", host=self._host, port=self._port)

    def close(self) -> None:
        """Give the port back."""
        if self._serving is not None:
            server, thread = self._serving
            server.shutdown()
            server.server_close()
            thread.join()
            self._serving = None
